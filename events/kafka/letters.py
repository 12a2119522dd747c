"""Messages that a reader of Kafka put aside: counted by rows, kept in the topic's `.dlq`."""

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition
from django.db.models.functions import Now

from events import metrics
from events.faults import printable
from events.groups import TryAgain
from events.kafka.client import cause, new_consumer, prefixed
from events.kafka.dead import DeadLetterTopic, Refusal
from events.kafka.reader import StandBy
from events.models import DeadLetter, GroupCursor

logger = logging.getLogger(__name__)

UNREADABLE = "unreadable"
SEARCH_SECONDS = 20.0
_PLACES = UUID("6f3a1c2e-58b7-4d36-9a51-1e0c7b9d2f44")  # names message ids by their place


def place_of(topic: str | None, partition: int | str | None, offset: int | str | None) -> str:
    """Where a message lies, for people."""
    return f"{topic}[{partition}]@{offset}"


def letter_id(place: str) -> UUID:
    """The same for the same message, however often it comes."""
    return uuid5(_PLACES, place)


class LetterBox:
    """The dead letters of a reader whose messages are no events, and the limit that stops it.

    Its row among the consumer groups says whether it is stopped, as theirs do.
    """

    def __init__(self, name: str, *, limit: int):
        self._name, self._limit = name, limit
        self._topic = DeadLetterTopic(name)

    def check(self) -> None:
        """Raises StandBy while the reader is stopped."""
        row, _ = GroupCursor.objects.get_or_create(name=self._name)
        if row.stopped_at is not None:
            raise StandBy("stopped")

    def note_turn(self) -> None:
        GroupCursor.objects.filter(name=self._name).update(turned_at=Now())

    def put(self, refusal: Refusal, *, done: int) -> None:
        """`done` messages of the batch are finished before this one.

        Raises StandBy, with the reader stopped, over the limit, and TryAgain without Kafka.
        """
        message = refusal.message
        place = place_of(message.topic(), message.partition(), message.offset())
        error = printable(f"{place}: {refusal.reason}")
        letter = {"group": self._name, "event_id": letter_id(place)}
        if DeadLetter.objects.filter(**letter).exists():
            return
        logger.error("%s cannot use %s", self._name, error)
        self._make_room(error, done=done)
        self._topic.put([refusal])
        known = {"position": 0, "type": UNREADABLE, "error": error[:500]}
        DeadLetter.objects.get_or_create(**letter, defaults=known)
        metrics.dead_letters.labels(self._name).inc()

    def _make_room(self, error: str, *, done: int) -> None:
        letters = DeadLetter.objects.filter(group=self._name).waiting().count()
        if letters < self._limit:
            return
        logger.error("%s is stopped: it has %d dead letters", self._name, letters)
        stopped = {"stopped_at": Now(), "stop_reason": f"{letters} dead letters; {error}"[:300]}
        GroupCursor.objects.update_or_create(name=self._name, defaults=stopped)
        raise StandBy(f"{letters} dead letters", done=done)


@dataclass(frozen=True)
class Kept:
    """A message as the `.dlq` has it. `value` ends early where it `is_cut`."""

    place: str
    value: bytes | None
    is_cut: bool


def kept_messages(topic: str, group_id: str, letter_ids: Iterable[UUID]) -> dict[UUID, Kept]:
    """Those of `topic` that these letters are about, out of its `.dlq`. Raises TryAgain."""
    wanted, found = set(letter_ids), {}
    consumer = new_consumer(group_id)
    try:
        for message in _everything_in(consumer, prefixed(f"{topic}.dlq")):
            kept = _kept(message)
            if letter_id(kept.place) in wanted:
                found[letter_id(kept.place)] = kept
    except KafkaException as error:
        raise TryAgain(f"Kafka: {cause(error)}") from error
    finally:
        consumer.close()
    return found


def _everything_in(consumer: Consumer, topic: str) -> Iterator[Message]:
    """The messages of the topic's only partition, up to its end at this moment."""
    start = TopicPartition(topic, 0, OFFSET_BEGINNING)
    first, end = consumer.get_watermark_offsets(start, timeout=SEARCH_SECONDS)
    deadline = time.monotonic() + SEARCH_SECONDS
    consumer.assign([start])
    while first < end:
        message = consumer.poll(0.5)
        if message is None and time.monotonic() > deadline:
            raise TryAgain(f"Kafka: {topic} could not be read to its end")
        if message is None:
            continue
        if (fault := message.error()) is not None:
            raise KafkaException(fault)
        first = (message.offset() or 0) + 1
        yield message


def _kept(message: Message) -> Kept:
    headers: dict[str, Any] = dict(message.headers() or [])
    topic, partition, offset = (
        (headers.get(f"dlq_{name}") or b"").decode(errors="replace")
        for name in ("topic", "partition", "offset")
    )
    value: Any = message.value()
    is_cut = headers.get("dlq_truncated") == b"true"
    return Kept(place_of(topic, partition, offset), value, is_cut)
