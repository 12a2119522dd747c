"""Baselines that put ready-made messages into Kafka, without the log before them."""

import time
from itertools import cycle, islice
from pathlib import Path
from uuid import UUID

from confluent_kafka import Producer

from bench.events.acknowledged import note
from bench.events.facts import rows
from events.kafka.bridge import BATCH
from events.kafka.client import new_transactional_producer
from events.kafka.messages import Outgoing, messages_of

TRANSACTION = "bench"
PREPARED = 2_000
SECONDS = 15.0


def drain_straight(count: int) -> float:
    """Events a second: the messages of each, a bridge's batch a transaction."""
    ready = _ready_made(PREPARED)
    producer = _producer()
    began = time.monotonic()
    for start in range(0, count, BATCH):
        part = islice(cycle(ready), start % PREPARED, start % PREPARED + min(BATCH, count - start))
        _send(producer, [messages for _, messages in part])
    return count / (time.monotonic() - began)


def send_by_schedule(
    acknowledged: Path, begin: float, rate: float, seconds: float
) -> dict[UUID, float]:
    """When each event was due, by event id; what is due goes in one transaction.

    `acknowledged` is the file that tells when it was.
    """
    events = _ready_made(int(rate * seconds))
    due = {event_id: begin + number / rate for number, (event_id, _) in enumerate(events)}
    producer = _producer()
    sent = 0
    with acknowledged.open("a") as out:
        while sent < len(events):
            time.sleep(max(0.0, begin + sent / rate - time.monotonic()))
            ripe = min(len(events), int((time.monotonic() - begin) * rate) + 1)
            _send(producer, [messages for _, messages in events[sent:ripe]])
            note(out, [event_id for event_id, _ in events[sent:ripe]])
            sent = ripe
    return due


def _ready_made(count: int) -> list[tuple[UUID, list[Outgoing]]]:
    found = []
    for position, event in enumerate(islice(rows(), count), start=1):
        event.position = event.sequence = position
        found.append((event.event_id, list(messages_of(event))))
    return found


def _producer() -> Producer:
    producer = new_transactional_producer(TRANSACTION, lambda *_: None)
    producer.init_transactions(SECONDS)
    return producer


def _send(producer: Producer, events: list[list[Outgoing]]) -> None:
    producer.begin_transaction()
    for messages in events:
        for message in messages:
            producer.produce(
                message.topic, value=message.value, key=message.key, headers=message.headers
            )
    producer.commit_transaction(SECONDS)
