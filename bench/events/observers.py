"""Processes that see events arrive. Each returns the moment of arrival by event id.

An observer touches the file `ready` when it would miss nothing, and ends when it has seen
`count` events, or after `patience` seconds.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from confluent_kafka import Consumer, KafkaException, TopicPartition
from django.conf import settings
from django.db import connection
from psycopg import sql

from bench.events.writers import FLOOR_CHANNEL
from bench.stand import BenchFailed
from core.redis import redis_client
from events.kafka.client import prefixed
from events.kafka.messages import EVENT_LOG
from events.kafka.topics import PARTITIONS
from realtime.channels import events_channel

Arrivals = dict[UUID, float]
Observer = Callable[[Path, int, float], Arrivals]
EFFECT_POLL_SECONDS = 0.002


def see_redis(ready: Path, count: int, patience: float) -> Arrivals:
    """As a server process of the streams hears them."""
    heard: list[tuple[float, bytes]] = []
    with redis_client().pubsub() as subscription:  # type: ignore[no-untyped-call]
        subscription.subscribe(events_channel())
        subscription.get_message(timeout=5)  # the answer to subscribe
        ready.touch()
        for _ in patiently(lambda: len(heard) < count, patience):
            message = subscription.get_message(timeout=0.1)
            if message and b"\n" in (message["data"] or b""):  # a head has one line
                heard.append((time.monotonic(), message["data"]))
    return {UUID(json.loads(data.split(b"\n", 1)[1])["eventId"]): at for at, data in heard}


def see_kafka(ready: Path, count: int, patience: float) -> Arrivals:
    """As a service that reads committed transactions of `nft-event-log`."""
    consumer = Consumer(
        {
            "bootstrap.servers": settings.KAFKA_BOOTSTRAP_SERVERS,
            "group.id": f"bench-{uuid4()}",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 5,
        }
    )
    found: Arrivals = {}
    try:
        numbers = range(PARTITIONS[EVENT_LOG])
        consumer.assign([_end(consumer, number, patience) for number in numbers])
        ready.touch()
        for _ in patiently(lambda: len(found) < count, patience):
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                event_id = _text(dict(message.headers() or []).get("ce_id"))
                found[UUID(event_id)] = time.monotonic()
    finally:
        consumer.close()
    return found


def see_effects(consumer: str, ready: Path, count: int, patience: float) -> Arrivals:
    """The rows that commit together with the effect; looked for every 2 ms."""
    found: Arrivals = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM events_processedevent")
        (last,) = cursor.fetchone()
        ready.touch()
        for _ in patiently(lambda: len(found) < count, patience):
            cursor.execute(
                "SELECT id, event_id FROM events_processedevent"
                ' WHERE id > %s AND "group" = %s ORDER BY id',
                [last, consumer],
            )
            now = time.monotonic()
            for last, event_id in cursor.fetchall():  # noqa: B007 - the last one is kept
                found[event_id] = now
            time.sleep(EFFECT_POLL_SECONDS)
    return found


def see_floor(ready: Path, count: int, patience: float) -> Arrivals:
    """NOTIFY as LISTEN hears it."""
    found: Arrivals = {}
    with psycopg.connect(settings.DATABASE_DIRECT_URL, autocommit=True) as session:
        session.execute(sql.SQL("LISTEN {}").format(sql.Identifier(FLOOR_CHANNEL)))
        ready.touch()
        for _ in patiently(lambda: len(found) < count, patience):
            for notice in session.notifies(timeout=0.1, stop_after=1):
                found[UUID(notice.payload)] = time.monotonic()
    return found


def _end(consumer: Consumer, partition: int, patience: float) -> TopicPartition:
    """Raises BenchFailed. A topic that was just made has no leader for a moment."""
    place = TopicPartition(prefixed(EVENT_LOG), partition)
    for _ in patiently(lambda: True, patience):
        try:
            _low, place.offset = consumer.get_watermark_offsets(place, timeout=10)
        except KafkaException:  # no process can hand it on to another
            time.sleep(0.1)
        else:
            return place
    raise BenchFailed(f"{place.topic} does not answer.")


def _text(value: str | bytes | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


def patiently(wanted: Callable[[], bool], patience: float) -> Iterator[None]:
    deadline = time.monotonic() + patience
    while wanted() and time.monotonic() < deadline:
        yield
