"""Web Push (RFC 8030): encrypted for one browser (RFC 8291), signed by our key (RFC 8292)."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from core.errors import InvalidInput
from notifications.channels.base import NotDelivered, Parcel
from notifications.channels.network import check_endpoint
from notifications.kinds import Priority
from notifications.models import Channel, Delivery, Notification, Outcome, PushSubscription
from notifications.vapid import VapidKey

LIVES_SECONDS = 24 * 3600  # for a browser that is not open
LONGEST_WAIT = timedelta(hours=1)
URGENCY = {Priority.LOW: "low", Priority.NORMAL: "normal", Priority.HIGH: "high"}


class WebPushChannel:
    name = Channel.WEB_PUSH.value

    def is_on(self) -> bool:
        return settings.VAPID_KEY is not None

    def targets(self, user_ids: Collection[UUID]) -> Mapping[UUID, Sequence[str]]:
        found: dict[UUID, list[str]] = defaultdict(list)
        rows = PushSubscription.objects.filter(user_id__in=user_ids)
        for user_id, subscription_id in rows.values_list("user_id", "id"):
            found[user_id].append(str(subscription_id))
        return found

    def pack(self, delivery: Delivery) -> Parcel | None:
        # A browser may belong to another member since.
        rows = PushSubscription.objects.filter(id=delivery.target, user_id=delivery.user_id)
        browser, notification, key = rows.first(), delivery.notification, settings.VAPID_KEY
        if browser is None or notification is None or key is None:
            return None
        return WebPushParcel(
            endpoint=browser.endpoint,
            keys={"p256dh": browser.p256dh, "auth": browser.auth},
            payload=_payload(notification),
            topic=topic_of(notification.id),
            urgency=URGENCY[Priority(notification.priority)],
            key=key,
        )

    def forget(self, target: str) -> None:
        PushSubscription.objects.filter(id=target).delete()


def topic_of(notification_id: UUID) -> str:
    """A push service keeps one message a topic: one that comes twice replaces itself."""
    return urlsafe_b64encode(notification_id.bytes).decode().rstrip("=")


def _payload(notification: Notification) -> bytes:
    """What the service worker shows; `tag` lets a browser replace what it shows already."""
    return json.dumps(
        {
            "notificationId": str(notification.id),
            "tag": str(notification.id),
            "type": notification.type,
            "title": notification.title,
            "message": notification.message,
            "link": notification.link,
            "priority": notification.priority,
        }
    ).encode()


@dataclass(frozen=True)
class WebPushParcel:
    """`keys` and `endpoint` are the browser's; whoever has them can push to it."""

    endpoint: str = field(repr=False)
    keys: Mapping[str, str] = field(repr=False)
    payload: bytes = field(repr=False)
    topic: str
    urgency: str
    key: VapidKey

    @property
    def provider(self) -> str:
        return (urlsplit(self.endpoint).hostname or "")[:253]

    def send(self) -> None:
        from notifications.channels import outside

        try:
            url = check_endpoint(self.endpoint)
            body, headers = self._encrypted(), self._headers(f"{url.scheme}://{url.netloc}")
            status, retry_after = asyncio.run(outside.post(self.endpoint, body, headers))
        except InvalidInput as error:
            raise NotDelivered(Outcome.GONE, error.code) from None
        except outside.Unreachable as error:
            raise NotDelivered(Outcome.SILENT, str(error)) from None
        _judge(status, retry_after)

    def _headers(self, origin: str) -> dict[str, str]:
        return {
            "Authorization": self.key.authorization(origin),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(LIVES_SECONDS),
            "Topic": self.topic,
            "Urgency": self.urgency,
        }

    def _encrypted(self) -> bytes:
        from pywebpush import WebPusher  # loads aiohttp and requests

        info = {"endpoint": self.endpoint, "keys": dict(self.keys)}
        body: bytes = WebPusher(info).encode(self.payload)["body"]
        return body


def _judge(status: int, retry_after: str) -> None:
    """Raises NotDelivered for all but success."""
    if 200 <= status < 300:
        return
    if status in {404, 410}:
        raise NotDelivered(Outcome.GONE, str(status))
    if status == 429:
        raise NotDelivered(Outcome.BUSY, "429", retry_after=parse_retry_after(retry_after))
    if status >= 500:
        raise NotDelivered(Outcome.SILENT, str(status), retry_after=parse_retry_after(retry_after))
    raise NotDelivered(Outcome.REFUSED, str(status))


def parse_retry_after(value: str) -> timedelta | None:
    """Seconds or an HTTP date (RFC 9110, 10.2.3), an hour at most; None for anything else."""
    try:
        if value.isdigit():
            wait = timedelta(seconds=min(int(value), LONGEST_WAIT.total_seconds()))
        else:
            wait = parsedate_to_datetime(value) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return max(timedelta(0), min(wait, LONGEST_WAIT))
