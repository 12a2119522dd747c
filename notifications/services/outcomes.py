"""What becomes of a delivery after an attempt, by how the attempt went."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from notifications.channels.base import NotDelivered, OutChannel, Parcel
from notifications.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    Outcome,
    Provider,
)

logger = logging.getLogger(__name__)

FIRST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(hours=1)
BUSY_REST = timedelta(seconds=30)  # where the provider names none
MOST_REFUSALS = 8  # for now; then it is for good


@dataclass(frozen=True)
class Claimed:
    delivery: Delivery
    token: UUID
    channel: OutChannel
    parcel: Parcel
    attempt: DeliveryAttempt


def end(delivery: Delivery, token: UUID, how: tuple[DeliveryStatus, str]) -> None:
    status, reason = how
    Delivery.objects.release(delivery.id, token=token, status=status, reason=reason)


@transaction.atomic(durable=True)
def record_success(claimed: Claimed, now: datetime) -> None:
    _note(claimed, Outcome.SENT, "")
    Provider.objects.filter(name=claimed.parcel.provider, failures__gt=0).update(failures=0)
    if not Delivery.objects.release(
        claimed.delivery.id,
        token=claimed.token,
        status=DeliveryStatus.SENT,
        sent_at=now,
        reason="",
    ):
        logger.warning("%s was sent after its claim had run out", claimed.delivery)


@transaction.atomic(durable=True)
def record_failure(claimed: Claimed, failure: NotDelivered, now: datetime) -> float | None:
    _note(claimed, failure.outcome, failure.detail)
    return _AFTER[failure.outcome](claimed, failure, now)


def _note(claimed: Claimed, outcome: Outcome, detail: str) -> None:
    DeliveryAttempt.objects.filter(id=claimed.attempt.id).update(
        outcome=outcome, detail=detail[:200]
    )


def _after_refusal(claimed: Claimed, failure: NotDelivered, _now: datetime) -> None:
    end(claimed.delivery, claimed.token, (DeliveryStatus.DEAD, failure.detail[:200]))


def _after_goodbye(claimed: Claimed, failure: NotDelivered, now: datetime) -> None:
    claimed.channel.forget(claimed.delivery.target)
    _after_refusal(claimed, failure, now)


def _after_deferral(claimed: Claimed, failure: NotDelivered, now: datetime) -> float | None:
    failures = claimed.delivery.failures + 1
    if failures >= MOST_REFUSALS:
        _after_refusal(claimed, failure, now)
        return None
    rest = min(FIRST_REST * 2 ** (failures - 1), LONGEST_REST) * random.uniform(0.8, 1.2)  # noqa: S311
    return _again(claimed, now + rest, now, failures=failures)


def _after_busy(claimed: Claimed, failure: NotDelivered, now: datetime) -> float:
    until = now + (failure.retry_after or BUSY_REST)
    Provider.objects.locked(claimed.parcel.provider).pause(until=until)
    return _again(claimed, until, now, failures=claimed.delivery.failures)


def _after_silence(claimed: Claimed, failure: NotDelivered, now: datetime) -> float:
    """The fault is not the message's: it waits as long as the provider is away, until it is old."""
    provider = Provider.objects.locked(claimed.parcel.provider)
    until = provider.note_silence(now=now)
    if failure.retry_after and now + failure.retry_after > until:
        until = now + failure.retry_after
        provider.pause(until=until)
    return _again(claimed, until, now, failures=claimed.delivery.failures)


def _again(claimed: Claimed, until: datetime, now: datetime, *, failures: int) -> float:
    Delivery.objects.release(
        claimed.delivery.id,
        token=claimed.token,
        next_run_at=until,
        failures=failures,
        slot_at=None,
    )
    return (until - now).total_seconds()


_AFTER: dict[Outcome, Callable[[Claimed, NotDelivered, datetime], float | None]] = {
    Outcome.REFUSED: _after_refusal,
    Outcome.GONE: _after_goodbye,
    Outcome.DEFERRED: _after_deferral,
    Outcome.BUSY: _after_busy,
    Outcome.SILENT: _after_silence,
}
