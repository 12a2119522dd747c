"""The browsers that a member wants to be pushed to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from core.errors import Conflict, NotFound
from notifications.channels.network import check_endpoint
from notifications.models import PushSubscription

BROWSERS = 10  # a member; one more takes the place of the oldest


@dataclass(frozen=True)
class BrowserKeys:
    """Base64url, as `PushSubscription.toJSON()` gives them."""

    p256dh: str
    auth: str


@transaction.atomic
def subscribe(
    *, user_id: UUID, endpoint: str, keys: BrowserKeys, now: datetime
) -> tuple[PushSubscription, bool]:
    """The browser is this member's from now on, whoever had it before. True when it is new.

    Raises InvalidInput for an endpoint that no push service has, Conflict where push is off.
    """
    if settings.VAPID_KEY is None:
        raise Conflict("PUSH_OFF", "This site sends no push messages.")
    check_endpoint(endpoint)
    row, is_new = PushSubscription.objects.update_or_create(
        endpoint_hash=PushSubscription.hash_of(endpoint),
        defaults={
            "user_id": user_id,
            "endpoint": endpoint,
            "p256dh": keys.p256dh,
            "auth": keys.auth,
            "created_at": now,
        },
    )
    mine = PushSubscription.objects.filter(user_id=user_id).order_by("-created_at", "-id")
    too_many = list(mine.values_list("id", flat=True)[BROWSERS:])
    PushSubscription.objects.filter(id__in=too_many).delete()
    return row, is_new


def unsubscribe_browser(*, user_id: UUID, endpoint: str) -> None:
    """Raises NotFound for one that is not theirs."""
    mine = PushSubscription.objects.filter(user_id=user_id)
    if not mine.filter(endpoint_hash=PushSubscription.hash_of(endpoint)).delete()[0]:
        raise NotFound("SUBSCRIPTION_NOT_FOUND", "This browser is not subscribed.")
