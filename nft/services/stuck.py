"""Which upgrades and unlocks take longer than they should, and telling the operators once."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When

from events.services import publish
from nft.events import RequestStuck
from nft.models import (
    OPEN,
    NftStatus,
    UpgradeRequest,
    UpgradeStatus,
    UpgradeStatusHistory,
    UserNft,
)
from nft.services.outlook import outlook_of

S = UpgradeStatus
BATCH = 500


def stuck_upgrades(
    *, now: datetime, rows: QuerySet[Any] | None = None
) -> QuerySet[UpgradeRequest, UpgradeRequest]:
    """Unfinished requests past their bound, the longest first, with `since`.

    The bound (`STUCK_AFTER`) counts from the time by which a step should have begun: expiry for
    one that waits for its burn, the proof for one that mints, else the last change of status. One in
    review is stuck at once. `rows` may narrow down where to look.
    """
    history = UpgradeStatusHistory.objects.filter(request=OuterRef("pk"))
    since = Case(
        When(status=S.AWAITING_BURN, then=F("expires_at")),
        When(status__in=[S.MINTING, S.MINT_FAILED], then=F("order__started_at")),
        default=Subquery(history.order_by("-id").values("at")[:1]),
    )
    unfinished = (UpgradeRequest.objects.all() if rows is None else rows).filter(status__in=OPEN)
    late = Q(status=S.NEEDS_REVIEW) | Q(since__lte=now - settings.STUCK_AFTER)
    return unfinished.annotate(since=since).filter(late).order_by("since")


def stuck_unlocks(*, now: datetime) -> QuerySet[UserNft]:
    minting = UserNft.objects.filter(status=NftStatus.MINTING)
    return minting.filter(created_at__lte=now - settings.STUCK_AFTER)


def tell_stuck(*, now: datetime) -> int:
    """Publish `request_stuck` for each that passed its bound since it was last told; how many.

    One that needs a review was told when it got there.
    """
    untold = Q(stuck_told_at__isnull=True) | Q(stuck_told_at__lt=F("since"))
    stuck = stuck_upgrades(now=now).exclude(status=S.NEEDS_REVIEW).filter(untold)
    return sum(_tell(request, now) for request in stuck.select_related("order")[:BATCH])


@transaction.atomic(durable=True)
def _tell(request: Any, now: datetime) -> bool:
    """`version` stays: whoever works on the row at this moment is not disturbed."""
    same = UpgradeRequest.objects.filter(
        id=request.id, status=request.status, stuck_told_at=request.stuck_told_at
    )
    if not same.update(stuck_told_at=now):
        return False  # it moved on, or another process was faster
    publish(
        RequestStuck(
            aggregate_id=request.id,
            upgrade_request_id=request.id,
            status=request.status,
            stuck_seconds=int((now - request.since).total_seconds()),
            reason=outlook_of(request, now=now).reason,
        )
    )
    return True
