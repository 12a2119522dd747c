"""What an operator does about events that a group could not handle."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from django.db import transaction

from core.errors import InvalidInput
from events.faults import cause_of, printable
from events.groups import TRANSIENT, ConsumerGroup, group_named, group_names
from events.holding import HOLD, held
from events.kafka.inbound import Inbound, inbound_named, inbound_names
from events.kafka.letters import Kept, kept_messages
from events.limits import limit_the_transaction
from events.models import DeadLetter, Event, GroupCursor, Lease, LeaseLost, ProcessedEvent

logger = logging.getLogger(__name__)

NOT_IN_THE_TOPIC = "The message is not in the .dlq: it cannot be redriven. Discard the letter."
TOO_LARGE = "The message was too large to keep: it must be sent again. Discard the letter."
NOT_IN_THE_LOG = "No event of the log: there is nothing to hand over. Discard the letter."


class Result(StrEnum):
    HANDLED = "handled"
    SETTLED = "settled before"  # by another redrive, or discarded
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    letter_id: int
    result: Result
    error: str = ""


def redrive(*, letter_ids: Iterable[int]) -> list[Outcome]:
    """Hand these events to their groups again, each by itself, in the order of the log.

    **Order.** The group has gone on meanwhile: a redriven event is handled after later
    events of the same user. Among the letters of one call the log's order is kept, up to
    those that fail again. A read model that depends on the order is rebuilt by `replay`.

    **Once.** In a transactional group the effect, the processed-event row and the letter's
    end commit together, so that running this twice, concurrently or after a crash has one
    effect. A sending group may send again after a crash, as it does when it reads.

    A message of an inbound topic is taken out of the topic's `.dlq`, and recorded.

    A letter whose event fails again stays, with the new error. Raises Conflict while another
    operator holds a group, and InvalidInput for a group that this process does not know.
    """
    letters = DeadLetter.objects.waiting().filter(pk__in=list(letter_ids))
    outcomes: list[Outcome] = []
    for name, own in groupby(letters.order_by("group", "position"), key=lambda x: x.group):
        if name in inbound_names():
            outcomes += _record_again(inbound_named(name), list(own))
            continue
        if name not in group_names():
            raise InvalidInput("UNKNOWN_GROUP", f"There is no group {name!r} here.")
        group = group_named(name)
        with held(name) as lease:
            try:
                outcomes += _redrive_held(group, lease, list(own))
            finally:
                if group.on_leave is not None:
                    group.on_leave()
    return outcomes


def _record_again(inbound: Inbound, letters: list[DeadLetter]) -> list[Outcome]:
    """No lease: a reader may work meanwhile, and what both record has one effect."""
    try:
        kept = kept_messages(inbound.topic, inbound.group_id, [it.event_id for it in letters])
    except TRANSIENT as error:
        logger.warning("%s: no redrive: %s", inbound.name, error)
        return [Outcome(letter.pk, Result.FAILED, str(error)[:500]) for letter in letters]
    return [_record_one(inbound, letter, kept.get(letter.event_id)) for letter in letters]


def _record_one(inbound: Inbound, letter: DeadLetter, kept: Kept | None) -> Outcome:
    if kept is None:
        return Outcome(letter.pk, Result.FAILED, NOT_IN_THE_TOPIC)
    if kept.is_cut:
        return Outcome(letter.pk, Result.FAILED, TOO_LARGE)
    if not DeadLetter.objects.waiting().filter(pk=letter.pk).exists():
        return Outcome(letter.pk, Result.SETTLED)
    try:
        [reason] = inbound.record([kept.value])
    except Exception as error:  # noqa: BLE001 - whatever a handler may raise
        reason = cause_of(error)
    if reason is not None:
        told = printable(f"{kept.place}: {reason}")
        DeadLetter.objects.filter(pk=letter.pk).update(error=told[:500])
        return Outcome(letter.pk, Result.FAILED, reason[:500])
    outcome = Outcome(letter.pk, Result.HANDLED)
    letter.delete()
    return outcome


def _redrive_held(group: ConsumerGroup, lease: Lease, letters: list[DeadLetter]) -> list[Outcome]:
    """The letters stay as they are when this process cannot become the group's sender."""
    try:
        if group.on_lead is not None:
            group.on_lead()
    except TRANSIENT as error:
        logger.warning("%s cannot be led for a redrive: %s", group.name, error)
        return [Outcome(letter.pk, Result.FAILED, str(error)[:500]) for letter in letters]
    ids = [letter.event_id for letter in letters]
    known = set(Event.objects.filter(event_id__in=ids).values_list("event_id", flat=True))
    return [
        _redrive_one(group, lease, letter.pk)
        if letter.event_id in known
        else Outcome(letter.pk, Result.FAILED, NOT_IN_THE_LOG)
        for letter in letters
    ]


def _redrive_one(group: ConsumerGroup, lease: Lease, letter_id: int) -> Outcome:
    try:
        result = (_in_one_transaction if group.transactional else _by_sending)(
            group, lease, letter_id
        )
    except LeaseLost:
        return Outcome(letter_id, Result.FAILED, "The group was taken over; run it again.")
    except Exception as error:  # noqa: BLE001 - whatever a handler may raise
        cause = cause_of(error)[:500]
        logger.warning("%s cannot handle dead letter %s: %s", group.name, letter_id, cause)
        DeadLetter.objects.filter(pk=letter_id).update(error=cause)
        return Outcome(letter_id, Result.FAILED, cause)
    return Outcome(letter_id, result)


@transaction.atomic(durable=True)
def _in_one_transaction(group: ConsumerGroup, lease: Lease, letter_id: int) -> Result:
    limit_the_transaction(HOLD)
    GroupCursor.objects.renew(lease, lease_for=HOLD)
    letter = DeadLetter.objects.waiting().select_for_update().filter(pk=letter_id).first()
    if letter is None:
        return Result.SETTLED
    fresh = ProcessedEvent.objects.claim(group.name, [letter.event_id])
    if fresh:
        group.handle([Event.objects.get(event_id=letter.event_id)])
    letter.delete()
    return Result.HANDLED if fresh else Result.SETTLED


def _by_sending(group: ConsumerGroup, lease: Lease, letter_id: int) -> Result:
    GroupCursor.objects.renew(lease, lease_for=HOLD)
    letter = DeadLetter.objects.waiting().filter(pk=letter_id).first()
    if letter is None:
        return Result.SETTLED
    group.handle([Event.objects.get(event_id=letter.event_id)])
    letter.delete()
    return Result.HANDLED


def discard(*, letter_ids: Iterable[int], reason: str, now: datetime) -> int:
    """Decide that these events need no handling; return how many were still waiting.

    The letters stay, with the reason; replays pass these events over too. Raises InvalidInput
    without a reason.
    """
    if not reason.strip():
        raise InvalidInput("REASON_MISSING", "Say why these events need no handling.")
    letters = DeadLetter.objects.waiting().filter(pk__in=list(letter_ids))
    return letters.update(discarded_at=now, discard_reason=reason.strip()[:300])
