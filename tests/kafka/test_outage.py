"""Kafka is away for an hour.

Asked here: is anything lost or reordered, however much piles up? do browsers notice? does an
operator see the lag? does somebody have to do something afterwards?
"""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from uuid import UUID

import psycopg
import pytest
from django.conf import settings as current
from django.core.management import call_command
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry

from events import groups
from events.consumer import Consumer
from events.groups import group_named, register
from events.kafka import client
from events.kafka.bridge import Bridge
from events.kafka.client import OncePerWhile
from events.kafka.messages import EVENT_LOG
from events.models import DeadLetter, Event, GroupCursor
from events.sequencer import number_pending
from events.status import GroupCollector
from realtime.channels import events_channel
from tests.events.facts import row
from tests.faults.chaos.evidence import PushListener, expected_in, read_log, read_topics
from tests.faults.chaos.verdict import compare
from tests.kafka.parts import turning, wait_until
from tools.kafka.server import KafkaServer

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = 5000
USERS = 20
COPIES = [EVENT_LOG, "user-nft-events-topic", "nft-analytics-topic"]


@pytest.fixture(autouse=True)
def _forget_groups() -> Iterator[None]:
    before = dict(groups._groups)
    yield
    groups._groups.clear()
    groups._groups.update(before)


@pytest.fixture
def outage(topics: None, kafka: KafkaServer) -> Iterator[KafkaServer]:
    """Kafka was killed; it comes back for the other tests at the latest."""
    kafka.process.kill()
    kafka.process.wait()
    yield kafka
    if kafka.process.poll() is not None:
        kafka.start_again()


@pytest.fixture
def browsers() -> Iterator[PushListener]:
    listener = PushListener(current.REDIS_URL, channel=events_channel())
    yield listener
    listener.close()


def test_a_client_that_cannot_connect_does_not_fill_the_log() -> None:
    """librdkafka's own words, which come with every attempt."""
    once = OncePerWhile()

    def passes(text: str) -> bool:
        return once.filter(logging.makeLogRecord({"msg": text}))

    attempts = [f"127.0.0.1:9092: Connect failed (after {attempt}ms)" for attempt in range(100)]
    assert [text for text in attempts if passes(text)] == attempts[:1]
    assert passes("127.0.0.1:9092: Authentication failed")
    assert any(isinstance(muted, OncePerWhile) for muted in client.logger.filters)


def an_hour_of_events() -> None:
    rows = [row(UUID(int=1 + number % USERS), number) for number in range(EVENTS)]
    for number, event in enumerate(rows):
        event.created_at = timezone.now() - timedelta(hours=1) * (1 - number / EVENTS)
    Event.objects.bulk_create(rows, batch_size=1000)
    assert number_pending() == EVENTS


def stands_at_head(group: str) -> bool:
    return GroupCursor.objects.filter(name=group, position=EVENTS).exists()


def attempts_of_the_bridge() -> float:
    return REGISTRY.get_sample_value("aiw3_consumer_retries_total", {"group": "kafka"}) or 0.0


@pytest.mark.kafka
def test_an_hour_without_kafka_loses_nothing_and_ends_by_itself(
    outage: KafkaServer, browsers: PushListener
) -> None:
    register(Bridge().group())
    tried = attempts_of_the_bridge()
    with turning(Consumer(group_named("kafka")), Consumer(group_named("realtime"))):
        an_hour_of_events()
        wait_until(lambda: stands_at_head("realtime") and len(browsers.pushed) >= EVENTS)
        wait_until(lambda: attempts_of_the_bridge() > tried)
        the_lag_is_visible()
        outage.start_again()
        wait_until(lambda: stands_at_head("kafka"))
    assert browsers.pushed == list(range(1, EVENTS + 1))
    every_copy_equals_the_log()
    assert not DeadLetter.objects.exists()


def the_lag_is_visible() -> None:
    out = StringIO()
    call_command("consume", "--status", "--json", "kafka", "realtime", stdout=out)
    bridge, realtime = json.loads(out.getvalue())
    assert (bridge["name"], bridge["lag"], bridge["stopReason"]) == ("kafka", EVENTS, None)
    assert bridge["lagSeconds"] > 3500
    assert (realtime["name"], realtime["lag"]) == ("realtime", 0)
    metrics = CollectorRegistry()
    metrics.register(GroupCollector(["kafka", "realtime"]))
    behind = "aiw3_consumer_lag_events"
    assert metrics.get_sample_value(behind, {"group": "kafka"}) == EVENTS
    assert metrics.get_sample_value(behind, {"group": "realtime"}) == 0


def every_copy_equals_the_log() -> None:
    with psycopg.connect(current.DATABASE_DIRECT_URL) as session:
        log = read_log(session)
    read = read_topics(current.KAFKA_BOOTSTRAP_SERVERS, COPIES, prefix=current.KAFKA_PREFIX)
    for name in COPIES:
        found = compare(name, expected_in(name, log), read[name], may_repeat=True)
        assert (found.count >= EVENTS, found.breaches) == (True, [])
