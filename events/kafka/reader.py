"""Reads one topic as a member of a Kafka consumer group; what to do with it is given."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from django.db import close_old_connections, connections
from prometheus_client import Gauge

from events import metrics
from events.consumer import Turn
from events.crash_marks import Deadly
from events.faults import cause_of
from events.groups import TRANSIENT, TryAgain
from events.kafka.client import cause, new_consumer, prefixed
from events.kafka.custody import Custody
from events.notify import backoff

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
STANDBY_SECONDS = 0.5
NOTE_SECONDS = 0.4

lag = Gauge("aiw3_kafka_lag_messages", "Messages of this process's partitions to go", ["reader"])


class StandBy(Exception):
    """The work must not be done now: the group is stopped, or read by somebody else.

    `done` messages of the batch, from its start, are finished all the same.
    """

    def __init__(self, reason: str, *, done: int = 0):
        super().__init__(reason)
        self.done = done


class OneByOne(Exception):
    """One of several messages cannot be handled: they are to come each by itself."""


class Work(Protocol):
    """What is done with messages, with one effect however often they come."""

    def __call__(self, messages: list[Message]) -> None:
        """Raises StandBy, OneByOne, or one of TRANSIENT when they should come again."""

    def condemn(self, message: Message, reason: str) -> None:
        """Put this message aside unhandled. Raises StandBy or one of TRANSIENT."""


class TopicReader:
    """Hands batches to `work` and commits their offsets after it returns.

    When `work` raises, nothing is committed and the whole batch comes again. `note` is called
    now and then.
    """

    def __init__(
        self, name: str, *, topic: str, group_id: str,
        work: Work, note: Callable[[], None] | None = None,
        batch_size: int = 500,
    ):  # fmt: skip
        self._name, self._topic, self._group_id = name, prefixed(topic), group_id
        self._work, self._batch_size = work, batch_size
        self._note, self._noted = note, 0.0
        self._consumer: Consumer | None = None
        self._custody = Custody(name, window=batch_size)
        self._stop = threading.Event()
        self.turned_at = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Read until `stop`; survives a Kafka or a database that goes away."""
        self._stop = stop
        failures = 0
        try:
            while not stop.is_set():
                try:
                    if self.step() is Turn.STANDBY:
                        stop.wait(STANDBY_SECONDS)
                    failures = 0
                except TRANSIENT as error:
                    failures += 1
                    metrics.retries.labels(self._name).inc()
                    logger.warning("%s tries again: %s", self._name, cause_of(error))
                    close_old_connections()
                    stop.wait(backoff(failures))
                self.turned_at = time.monotonic()
        finally:
            self.close()
            connections.close_all()

    def step(self) -> Turn:
        """One turn. Raises one of TRANSIENT when the same turn should be tried again."""
        try:
            self._custody.settle()
            messages = self._read()
            turn = self._do(messages) if messages else Turn.IDLE
            if self._note is not None and time.monotonic() - self._noted > NOTE_SECONDS:
                self._note()
                self._noted = time.monotonic()
            return turn
        except KafkaException as error:
            if error.args[0].fatal():
                self.close()
            raise TryAgain(f"Kafka: {cause(error)}") from error

    def close(self) -> None:
        """Leave the group, so that the others take over at once."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()
            self._custody.end()

    def _joined(self) -> Consumer:
        if self._consumer is None:
            self._consumer = new_consumer(self._group_id)
            self._consumer.subscribe(
                [self._topic],
                on_revoke=lambda _, places: self._custody.revoke([p.partition for p in places]),
                on_lost=lambda _, places: self._custody.lose([p.partition for p in places]),
            )
        return self._consumer

    def _read(self) -> list[Message]:
        """What is there, waiting for the first message only."""
        consumer = self._joined()
        first = consumer.poll(POLL_SECONDS)
        if first is None:
            return []
        try:
            found = [first, *consumer.consume(self._batch_size - 1, 0)]
        except BaseException:
            if first.error() is None:
                self._rewind([first])  # it would be passed over
            raise
        faults = [fault for message in found if (fault := message.error()) is not None]
        if len(faults) == len(found):
            raise KafkaException(faults[0])
        for fault in faults:
            logger.warning("%s: %s", self._name, fault)
        return [message for message in found if message.error() is None]

    def _do(self, messages: list[Message]) -> Turn:
        left = messages
        try:
            alone = self._custody.take(messages)
            while left and not self._stop.is_set():
                part = left[:1] if alone else left
                try:
                    self._hand_over(part, marked=alone)
                except OneByOne:
                    alone = True
                    continue
                self._commit(part)
                left = left[len(part) :]
            self._rewind(left)
        except StandBy as reason:
            logger.debug("%s stands by: %s", self._name, reason)
            self._commit(left[: reason.done])
            self._rewind(left[reason.done :])
            return Turn.STANDBY
        except BaseException:
            self._rewind(left)
            raise
        return Turn.WORKED

    def _hand_over(self, messages: list[Message], *, marked: bool) -> None:
        if not marked:
            self._work(messages)
            return
        [message] = messages
        try:
            with self._custody.marked(message):
                self._work(messages)
        except Deadly as reason:
            self._work.condemn(message, str(reason))
        self._custody.passed(message)

    def _rewind(self, messages: list[Message]) -> None:
        for place in _places(messages, first=True):
            try:
                self._joined().seek(place)
            except KafkaException as error:  # not ours any more: its new owner reads it
                logger.info("%s: %s", self._name, cause(error))

    def _commit(self, messages: list[Message]) -> None:
        if not messages:
            return
        try:
            self._joined().commit(offsets=_places(messages, first=False), asynchronous=False)
            self._measure()
        except KafkaException as error:  # the work is done; at worst it is asked for again
            logger.warning("%s: offsets not committed: %s", self._name, cause(error))

    def _measure(self) -> None:
        consumer = self._joined()
        behind = 0
        for place in consumer.position(consumer.assignment()):
            _low, high = consumer.get_watermark_offsets(place, cached=True)
            behind += max(0, high - max(place.offset, 0))
        lag.labels(self._name).set(behind)


def _places(messages: list[Message], *, first: bool) -> list[TopicPartition]:
    """For each partition the offset of its first message, or the one after its last."""
    found: dict[tuple[Any, Any], int] = {}
    for message in messages:
        offset = message.offset() or 0
        if first:
            found.setdefault((message.topic(), message.partition()), offset)
        else:
            found[message.topic(), message.partition()] = offset + 1
    return [TopicPartition(*place, offset) for place, offset in found.items()]
