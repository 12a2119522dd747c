"""Two buses behind one face, and what the tests of Kafka share."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from confluent_kafka import KafkaError, Message, Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from core.processes import spawn, stop
from events.consumer import Consumer, Turn
from events.groups import TRANSIENT, ConsumerGroup
from events.kafka.bridge import Bridge
from events.kafka.client import new_admin, new_consumer, prefixed
from events.kafka.group import group_id, kafka_reader
from events.kafka.messages import EVENT_LOG
from events.models import Event, GroupCursor, ProcessedEvent
from events.sequencer import number_pending
from tests.events.facts import activate
from tests.patience import PATIENCE

# What the facts of these tests are copied to.
TOPICS = {
    EVENT_LOG: 6,
    f"{EVENT_LOG}.dlq": 1,
    "user-nft-events-topic": 5,
    "nft-analytics-topic": 2,
    "nft-operations-topic": 3,
    "mp-trade-topic": 3,
    "mp-trade-topic.dlq": 1,
}
ROOT = Path(__file__).resolve().parents[2]
ANN = UUID(int=1)


class Turning(Protocol):
    def step(self) -> Turn: ...
    def run(self, stop: threading.Event) -> None: ...


def written(*badges: str, user: UUID = ANN) -> None:
    for badge in badges:
        activate(user, badge)
    number_pending()


class Notebook:
    """A handler that remembers what it was given in committed batches, and stumbles as told."""

    def __init__(self) -> None:
        self.seen: list[tuple[UUID | None, str]] = []
        self.stumble: Callable[[list[str]], None] = lambda _badges: None
        self.pause = 0.0

    def handle(self, events: list[Event]) -> None:
        self.stumble([event.data["badgeId"] for event in events])
        time.sleep(self.pause)
        self.seen += [(event.user_id, event.data["badgeId"]) for event in events]

    def of(self, user: UUID = ANN) -> list[str]:
        return [badge for whose, badge in self.seen if whose == user]


class PostgresBus:
    def reader(self, group: ConsumerGroup) -> Turning:
        return Consumer(group)

    def publish(self) -> None:
        """Bring what is numbered to where the readers look."""

    def leave(self, reader: Any) -> None:
        reader.release()

    def die(self, reader: Any) -> None:
        """What the others see when the reader's process is killed, some seconds later."""
        GroupCursor.objects.update(lease_until=Now() - timedelta(seconds=1))

    def forget(self, group: ConsumerGroup) -> None:
        """Send the group, which nobody reads for, back to the start."""
        ProcessedEvent.objects.filter(group=group.name).delete()
        GroupCursor.objects.filter(name=group.name).update(position=0)

    def environment(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        pass


class KafkaBus(PostgresBus):
    def __init__(self) -> None:
        self.bridge = new_bridge()
        self._readers: list[Any] = []

    def reader(self, group: ConsumerGroup) -> Turning:
        self._readers.append(kafka_reader(group))
        reader: Turning = self._readers[-1]
        return reader

    def publish(self) -> None:
        bridged(self.bridge)

    def leave(self, reader: Any) -> None:
        reader.close()

    def die(self, reader: Any) -> None:
        consumer, reader._consumer = reader._consumer, None
        consumer.close()

    def forget(self, group: ConsumerGroup) -> None:
        super().forget(group)
        admin = new_admin()
        for result in admin.delete_consumer_groups([prefixed(group_id(group))]).values():
            result.result(timeout=PATIENCE)

    def environment(self) -> dict[str, str]:
        return {
            "KAFKA_BOOTSTRAP_SERVERS": settings.KAFKA_BOOTSTRAP_SERVERS,
            "KAFKA_PREFIX": settings.KAFKA_PREFIX,
            "KAFKA_SESSION_TIMEOUT_MS": "6000",
        }

    def close(self) -> None:
        for reader in self._readers:
            reader.close()


def new_bridge() -> Consumer:
    return Consumer(Bridge().group())


def bridged(bridge: Consumer) -> None:
    head = Event.objects.all().head_position()
    turn_until(
        lambda: GroupCursor.objects.filter(name="kafka", position=head).exists() or not head,
        bridge,
    )


def turn_until(done: Callable[[], bool], *readers: Turning) -> None:
    """Turn the readers, as `run()` does, until `done`; fail when it takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, "It takes too long"
        for reader in readers:
            try:
                reader.step()
            except TRANSIENT:
                time.sleep(0.05)


def turn_often(reader: Turning) -> None:
    """Enough turns to join and read, of which one is expected to raise."""
    for _ in range(20):
        reader.step()


def rest(reader: Turning, *, turns: int = 2) -> None:
    """A few turns in which nothing should happen."""
    for _ in range(turns):
        try:
            reader.step()
        except TRANSIENT:
            time.sleep(0.05)


def wait_until(done: Callable[[], bool], *, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not done():
        assert time.monotonic() < deadline, "It takes too long"
        time.sleep(0.05)


@contextmanager
def turning(*readers: Turning) -> Iterator[None]:
    """The readers, each in a thread, until the block ends."""
    ended = threading.Event()
    threads = [threading.Thread(target=reader.run, args=(ended,)) for reader in readers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(PATIENCE)


def messages_in(topic: str, count: int) -> list[Message]:
    """The first `count` committed messages of a topic, in order within each key."""
    consumer = new_consumer(f"look-{time.monotonic_ns()}")
    consumer.subscribe([prefixed(topic)])
    found: list[Message] = []
    deadline = time.monotonic() + PATIENCE
    while len(found) < count and time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is not None and message.error() is None:
            found.append(message)
    consumer.close()
    assert len(found) == count
    return found


def headers_of(message: Message) -> dict[str, str]:
    found: Any = message.headers() or []
    return {name: value.decode() for name, value in found}


def put(topic: str, *values: bytes | None, key: bytes | None = b"k", headers: Any = None) -> None:
    """Raw messages, as a stranger could write them, all in one partition."""
    producer = Producer(
        {"bootstrap.servers": settings.KAFKA_BOOTSTRAP_SERVERS, "message.max.bytes": 20_000_000}
    )
    for value in values:
        wait_until(lambda it=value: _is_taken(producer, topic, it, key, headers))  # type: ignore[misc]


def _is_taken(producer: Producer, topic: str, value: Any, key: Any, headers: Any) -> bool:
    """False while the broker does not know yet that large messages are allowed."""
    refused: list[int] = []

    def heard(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            refused.append(error.code())

    producer.produce(
        prefixed(topic), value=value, key=key, headers=headers, partition=0, on_delivery=heard
    )
    assert producer.flush(PATIENCE) == 0
    assert set(refused) <= {KafkaError.MSG_SIZE_TOO_LARGE}
    return not refused


LARGE = b'{"note": "' + b"x" * 10_000_000 + b'"}'


def allow_large(topic: str) -> None:
    """As an operator of the cluster may, whatever we made the topic with."""
    change = ConfigEntry(
        "max.message.bytes", "20000000", incremental_operation=AlterConfigOpType.SET
    )
    resource = ConfigResource(
        ConfigResource.Type.TOPIC, prefixed(topic), incremental_configs=[change]
    )
    admin = new_admin()
    for result in admin.incremental_alter_configs([resource]).values():
        result.result(timeout=PATIENCE)


# A process with a group whose effect is a counter in the database, and otherwise `manage.py`.
PROGRAM = """
import sys, time, django
django.setup()
from django.core.management import call_command
from events.groups import ConsumerGroup, register
from tests.kafka.parts import count_slowly
register(ConsumerGroup("counter", count_slowly, transactional=True, batch_size=5))
call_command(*sys.argv[1:])
"""


def count_slowly(events: list[Event]) -> None:
    """Handled twice, an event counts twice."""
    with connection.cursor() as cursor:
        for _ in events:
            cursor.execute(
                "INSERT INTO events_user_sequence AS s VALUES (%s, 1)"
                " ON CONFLICT (user_id) DO UPDATE SET sequence = s.sequence + 1",
                [UUID(int=99)],
            )
    time.sleep(0.1)


def counted() -> int:
    return Event.objects.all().user_head(UUID(int=99))


@contextmanager
def running(*command: str, environment: dict[str, str], log: Path) -> Iterator[Any]:
    name = connection.settings_dict["NAME"]
    url = f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{name}"
    own = {
        "DATABASE_URL": url,
        "DATABASE_DIRECT_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    with log.open("ab") as out:
        process = spawn(
            [sys.executable, "-c", PROGRAM, *command],
            env={**os.environ, **own, **environment}, cwd=ROOT, log=out,
        )  # fmt: skip
    try:
        yield process
    finally:
        stop(process)
