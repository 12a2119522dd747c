"""One attempt at one delivery: claim → send → record, each step whole by itself.

A worker that dies after the provider took the message and before that is recorded leaves a
claim that runs out; the message goes again under the same key (Message-ID, Topic), by which
mailboxes, push services and browsers tell that it is the same.
"""

import logging
import random
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from core.throttling import parse_rate
from notifications.channels import channel_named
from notifications.channels.base import NotDelivered
from notifications.models import (
    Delivery,
    DeliveryStatus,
    Outcome,
    Provider,
    Purpose,
    Recipient,
)
from notifications.services.outcomes import Claimed, end, record_failure, record_success
from notifications.services.planning import rested_until
from notifications.services.wishes import Wishes

logger = logging.getLogger(__name__)

MOST_DEATHS = 5  # of workers that had the delivery in hand
# So that a provider that hangs takes no more of the workers' threads, which also mint.
AT_A_TIME = 3


def deliver(*, delivery_id: UUID, now: datetime) -> float | None:
    """Seconds until the next attempt is worth it; None for no more. Any number may call at once."""
    claimed = _claim(delivery_id, now)
    if not isinstance(claimed, Claimed):
        return claimed
    try:
        claimed.parcel.send()
    except NotDelivered as failure:
        return record_failure(claimed, failure, now)
    except Exception as error:  # noqa: BLE001 - one letter that breaks must not stop the others
        # No traceback: it may name an address.
        logger.error("%s: %s", claimed.delivery, type(error).__name__)
        return record_failure(claimed, NotDelivered(Outcome.DEFERRED, type(error).__name__), now)
    return record_success(claimed, now)


@transaction.atomic(durable=True)
def _claim(delivery_id: UUID, now: datetime) -> Claimed | float | None:
    token = Delivery.objects.claim(delivery_id, now=now)
    if token is None:
        return None
    delivery = Delivery.objects.select_related("notification").get(id=delivery_id)
    channel = channel_named(delivery.channel)
    parcel = channel.pack(delivery) if channel.is_on() else None
    ended = _why_not(delivery, now)
    if ended or parcel is None:
        end(delivery, token, ended or (DeliveryStatus.SKIPPED, "nobody there"))
        return None
    if until := _quiet(delivery, now) or _turn(delivery, parcel.provider, now):
        return _rest(delivery, token, until, now)
    attempt = delivery.log.create(at=now)
    return Claimed(delivery, token, channel, parcel, attempt)


def _why_not(delivery: Delivery, now: datetime) -> tuple[DeliveryStatus, str] | None:
    """What has changed since it was planned."""
    if delivery.expires_at <= now:
        return DeliveryStatus.DEAD, "could not be delivered in time"
    if delivery.log.filter(outcome=Outcome.STARTED).count() >= MOST_DEATHS:
        return DeliveryStatus.DEAD, "workers ended while they sent it"
    row = delivery.notification
    if row is None or delivery.resends:  # an operator's order is not asked about again
        return None
    wishes = Wishes([row.user_id])
    if wishes.wants(row.user_id, row.type, delivery.channel, priority=row.priority):
        return None
    return DeliveryStatus.SKIPPED, "not wanted any more"


def _quiet(delivery: Delivery, now: datetime) -> datetime | None:
    if delivery.notification is None or delivery.purpose == Purpose.VERIFICATION:
        return None
    person = Recipient.objects.filter(user_id=delivery.user_id).first()
    return rested_until(delivery.notification, person, now)


def _turn(delivery: Delivery, provider: str, now: datetime) -> datetime | None:
    """When it is this delivery's turn, if it is not now. A place in the queue is kept."""
    if Delivery.objects.in_hand(delivery.channel, now=now) > AT_A_TIME:  # this one among them
        return now + timedelta(seconds=random.uniform(0.5, 1.5))  # noqa: S311
    row = Provider.objects.locked(provider)
    if row.paused_until and row.paused_until > now:
        return row.paused_until + timedelta(seconds=random.uniform(0, 2))  # noqa: S311
    if delivery.slot_at is None:
        calls, window_ms = parse_rate(settings.NOTIFICATION_RATES[delivery.channel])
        every = timedelta(milliseconds=window_ms / calls)
        delivery.slot_at = row.take_slot(every=every, now=now)
        delivery.save(update_fields=["slot_at"])
    return delivery.slot_at if delivery.slot_at > now else None


def _rest(delivery: Delivery, token: UUID, until: datetime, now: datetime) -> float:
    Delivery.objects.release(delivery.id, token=token, next_run_at=until)
    return (until - now).total_seconds()
