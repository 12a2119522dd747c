"""A consumer group of the log that reads it from Kafka: the same handlers, the same effect.

Kafka delivers at least once; the processed-event rows, written in the handler's transaction,
make it one effect. The group's row says whether it may work at all: it must not while it is
stopped, or while a reader of the other bus or an operator's replay holds the lease.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

from confluent_kafka import Message
from django.db import connection, transaction
from django.db.models.functions import Now

from events import metrics
from events.consumer import LEASE, POISON_ATTEMPTS
from events.faults import cause_of, printable
from events.groups import ConsumerGroup, TryAgain, is_outside
from events.kafka.dead import DeadLetterTopic, Refusal
from events.kafka.letters import UNREADABLE, letter_id, place_of
from events.kafka.messages import EVENT_LOG, Unreadable, event_of
from events.kafka.reader import OneByOne, StandBy, TopicReader
from events.limits import limit_the_transaction
from events.models import DeadLetter, Event, GroupCursor, ProcessedEvent

logger = logging.getLogger(__name__)

# The weakest lock: members work side by side, and the position moves meanwhile; who takes the
# group over asks for the strongest, and waits for their batches.
MAY_WORK = """
SELECT stopped_at IS NULL AND (lease_until IS NULL OR lease_until < statement_timestamp())
FROM events_consumergroup WHERE name = %s FOR KEY SHARE
"""
# The group's position, as on the other bus: everything up to it is done. Members read different
# partitions, so it is found from what was done; a window at a time, as the log may be long.
# A member that waited for another one here looks at the log as it was before: never go back.
# Before the first event the head is 0, and not NULL, which least() would ignore.
ADVANCE = """
UPDATE events_consumergroup AS g SET turned_at = statement_timestamp(),
position = greatest(g.position, coalesce(
    (SELECT min(e.position) - 1 FROM events_event e
     WHERE e.position > g.position AND e.position <= g.position + %(window)s
       AND (%(types)s::text[] IS NULL OR e.type = ANY(%(types)s))
       AND NOT EXISTS (SELECT FROM events_processedevent p
                       WHERE p."group" = g.name AND p.event_id = e.event_id)
       AND NOT EXISTS (SELECT FROM events_deadletter d
                       WHERE d."group" = g.name AND d.event_id = e.event_id)),
    least((SELECT coalesce(max(position), 0) FROM events_sequencer), g.position + %(window)s)))
WHERE name = %(name)s AND stopped_at IS NULL
  AND (lease_until IS NULL OR lease_until < statement_timestamp())
"""
WINDOW = 5000


def group_id(group: ConsumerGroup) -> str:
    return f"nft-{group.name}-group"


def kafka_reader(group: ConsumerGroup) -> TopicReader:
    work = GroupWork(group)
    return TopicReader(
        group.name,
        topic=EVENT_LOG,
        group_id=group_id(group),
        work=work,
        note=work.advance,
        batch_size=group.batch_size,
    )


class GroupWork:
    """What a group does with a batch of messages; safe to be given them again."""

    def __init__(self, group: ConsumerGroup):
        self._group = group
        self._dead = DeadLetterTopic(group.name)
        self._done = 0  # messages of the batch in hand
        self._failures: Counter[UUID] = Counter()  # of events that failed by themselves

    def __call__(self, messages: list[Message]) -> None:
        """Raises StandBy, OneByOne, or one of TRANSIENT."""
        self._done = 0
        for readable, run in groupby(map(_read, messages), key=lambda it: isinstance(it, Event)):
            if readable:
                self._handle([item for item in run if isinstance(item, Event)])
                continue
            for item in run:
                if isinstance(item, Refusal):
                    self._refuse(item)

    def advance(self) -> None:
        """Move the group's position up to where everything is done."""
        types = None if self._group.types is None else sorted(self._group.types)
        GroupCursor.objects.get_or_create(name=self._group.name)
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            limit_the_transaction(LEASE)
            cursor.execute(ADVANCE, {"name": self._group.name, "types": types, "window": WINDOW})

    def condemn(self, message: Message, reason: str) -> None:
        """Pass over a message that nobody can handle. Raises StandBy, or one of TRANSIENT."""
        self._done = 0
        item = _read(message)
        if isinstance(item, Refusal):
            self._refuse(item)
        else:
            self._bury(item, reason)

    def _handle(self, events: list[Event]) -> None:
        try:
            self._hand_over(events)
        except StandBy:
            raise
        except Exception as error:
            if is_outside(error):
                raise
            logger.warning("%s cannot handle %d: %s", self._group.name, len(events), error)
            if len(events) > 1:
                raise OneByOne from error
            self._blame(events[0], error)

    def _hand_over(self, events: list[Event]) -> None:
        with metrics.handling(self._group.name, len(events)), transaction.atomic(durable=True):
            self._check()
            # By id, because a bridge that crashed may have sent an event twice.
            known = {event.event_id: event for event in events if self._wants(event)}
            for buried in self._buried(known):
                del known[buried]
            fresh = ProcessedEvent.objects.claim(self._group.name, known)
            todo = [event for event_id, event in known.items() if event_id in fresh]
            if todo:
                self._group.handle(todo)
        for event in events if self._failures else ():
            self._failures.pop(event.event_id, None)
        self._done += len(events)

    def _wants(self, event: Event) -> bool:
        return self._group.types is None or event.type in self._group.types

    def _buried(self, event_ids: Iterable[UUID]) -> list[UUID]:
        """Those that are in the dead letters already: they wait for an operator."""
        letters = DeadLetter.objects.filter(group=self._group.name, event_id__in=list(event_ids))
        return list(letters.values_list("event_id", flat=True))

    def _blame(self, event: Event, error: Exception) -> None:
        """Raises TryAgain until the event has failed some times."""
        self._failures[event.event_id] += 1
        if self._failures[event.event_id] < POISON_ATTEMPTS:
            raise TryAgain(cause_of(error)) from error
        logger.error("%s cannot handle %s", self._group.name, event, exc_info=error)
        self._bury(event, cause_of(error))

    def _bury(self, event: Event, reason: str) -> None:
        self._make_room(reason)
        DeadLetter.objects.bury(self._group.name, event, error=reason)
        metrics.dead_letters.labels(self._group.name).inc()
        self._failures.pop(event.event_id, None)
        self._done += 1

    def _refuse(self, refusal: Refusal) -> None:
        """The message goes to the `.dlq`; a row counts it, and shows it to operators."""
        message = refusal.message
        place = place_of(message.topic(), message.partition(), message.offset())
        logger.error("%s cannot read %s: %s", self._group.name, place, refusal.reason)
        reason = printable(f"{place}: {refusal.reason}")
        known = {"position": 0, "type": UNREADABLE, "error": reason[:500]}
        letter = {"group": self._group.name, "event_id": letter_id(place)}
        if not DeadLetter.objects.filter(**letter).exists():
            with transaction.atomic():
                self._check()
            self._make_room(reason)
            self._dead.put([refusal])
            DeadLetter.objects.get_or_create(**letter, defaults=known)
            metrics.dead_letters.labels(self._group.name).inc()
        self._done += 1

    def _make_room(self, reason: str) -> None:
        """Raises StandBy, with the group stopped, when it has too many dead letters."""
        letters = DeadLetter.objects.filter(group=self._group.name).waiting().count()
        if letters < self._group.dead_letter_limit:
            return
        logger.error("%s is stopped: it has %d dead letters", self._group.name, letters)
        stopped = {
            "stopped_at": Now(),
            "stop_reason": f"{letters} dead letters; {printable(reason)}"[:300],
        }
        GroupCursor.objects.update_or_create(name=self._group.name, defaults=stopped)
        raise StandBy("stopped", done=self._done)

    def _check(self) -> None:
        limit_the_transaction(LEASE)
        with connection.cursor() as cursor:
            cursor.execute(MAY_WORK, [self._group.name])
            row = cursor.fetchone()
        if row is None:
            GroupCursor.objects.get_or_create(name=self._group.name)
        elif not row[0]:
            raise StandBy("stopped, or read by somebody else", done=self._done)


def _read(message: Message) -> Event | Refusal:
    try:
        return event_of(message)
    except Unreadable as reason:
        return Refusal(message, str(reason))
