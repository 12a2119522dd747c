"""Collects what happened: rows of the log, effects, pushes on Redis, messages on Kafka."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import redis
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from events.catalogue import event_types, schema_for
from tests.faults.chaos.verdict import Happened, Logged
from tests.patience import PATIENCE

EVENT_LOG = "nft-event-log"
PUSHES = "aiw3:0:events"  # the channel of the group `realtime`, with Redis number 0
READ_SECONDS = 240.0

LOG = """
SELECT event_id::text, type, coalesce(user_id, aggregate_id, event_id)::text,
    CASE WHEN audience = 'user' THEN user_id::text END, position, sequence
FROM events_event ORDER BY position
"""
EFFECTS = 'SELECT lane, event_id::text FROM faults_effect WHERE "group" = %s ORDER BY place'


def read_log(session: psycopg.Connection) -> list[Logged]:
    """In the order of the log."""
    return [Logged(*row) for row in session.execute(LOG)]


def read_effects(session: psycopg.Connection, group: str) -> list[Happened]:
    """In the order in which they were committed."""
    return [Happened(*row) for row in session.execute(EFFECTS, [group])]


def topics() -> list[str]:
    """The log's topic and every documented one."""
    documented = {topic for name in event_types() for topic in schema_for(name).topics}
    return [EVENT_LOG, *sorted(documented)]


def expected_in(topic: str, log: list[Logged]) -> list[Happened]:
    return [
        Happened(row.lane, row.event_id)
        for row in log
        if topic == EVENT_LOG or topic in schema_for(row.type).topics
    ]


def read_topics(bootstrap: str, names: list[str], *, prefix: str = "") -> dict[str, list[Happened]]:
    """Every committed message of these topics; within a key in the order of the topic.

    Nobody may write meanwhile. Raises RuntimeError when it takes too long.
    """
    found: dict[str, list[Happened]] = {name: [] for name in names}
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "proof",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    try:
        for message in _all_messages(consumer, [f"{prefix}{name}" for name in names]):
            headers: Any = message.headers() or []
            event_id = dict(headers).get("ce_id", b"").decode()
            topic = (message.topic() or "").removeprefix(prefix)
            found[topic].append(Happened((message.key() or b"").decode(), event_id))
    finally:
        consumer.close()
    return found


def _all_messages(consumer: Consumer, names: list[str]) -> Iterator[Message]:
    known = consumer.list_topics(timeout=PATIENCE).topics
    places = [
        TopicPartition(name, number, 0) for name in names for number in known[name].partitions
    ]
    consumer.assign(places)
    unfinished = {(place.topic, place.partition) for place in places}
    deadline = time.monotonic() + READ_SECONDS
    while unfinished:
        if time.monotonic() > deadline:
            raise RuntimeError(f"The ends of these partitions were not reached: {unfinished}")
        for message in consumer.consume(1000, 0.5):
            fault = message.error()
            if fault is None:
                yield message
            elif fault.code() == KafkaError._PARTITION_EOF:
                unfinished.discard((message.topic(), message.partition()))
            elif fault.fatal():
                raise KafkaException(fault)


class PushListener:
    """Hears what the group `realtime` pushes, as the browsers' server processes do."""

    def __init__(self, url: str, *, channel: str = PUSHES):
        self.pushed: list[int] = []  # positions
        self.failure = ""
        self._ended = threading.Event()
        self._client = redis.Redis.from_url(url)
        self._subscription = self._client.pubsub(ignore_subscribe_messages=True)
        self._subscription.subscribe(channel)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join(PATIENCE)
        self._subscription.close()
        self._client.close()

    def _listen(self) -> None:
        try:
            while not self._ended.is_set():
                message = self._subscription.get_message(timeout=0.2)
                if message is not None:
                    self._note(message["data"])
        except (redis.RedisError, OSError) as error:
            self.failure = f"{type(error).__name__}: {error}"

    def _note(self, data: bytes) -> None:
        first = data.split(b" ", 1)[0]
        if first != b"head":
            self.pushed.append(int(first))
