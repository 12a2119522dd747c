"""What an operator does about groups of Kafka, and what holds up no group.

Asked here: who sends a redriven event while a bridge works? what when Kafka is away? a letter
without an event? does a discarded letter still count against the limit? is an endless statement
passed over on this bus too, and a lock waited for?
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings as current
from django.db import connection
from django.utils import timezone

from events import groups
from events.consumer import POISON_ATTEMPTS
from events.dead_letters import NOT_IN_THE_LOG, Result, discard, redrive
from events.groups import ConsumerGroup, register
from events.kafka import group as kafka_group
from events.kafka.bridge import Bridge
from events.kafka.group import kafka_reader
from events.kafka.letters import UNREADABLE
from events.kafka.messages import EVENT_LOG
from events.models import DeadLetter, Event, GroupCursor
from tests.kafka.parts import (
    Notebook,
    bridged,
    messages_in,
    new_bridge,
    put,
    turn_until,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _forget_groups() -> Iterator[None]:
    before = dict(groups._groups)
    yield
    groups._groups.clear()
    groups._groups.update(before)


def letter_of_the_bridge() -> DeadLetter:
    """The bridge of this process has passed over the event "a", and sends "b" next."""
    register(Bridge().group())
    written("a", "b")
    GroupCursor.objects.create(name="kafka", position=1)
    DeadLetter.objects.bury("kafka", Event.objects.after_position(0)[0], error="the first one")
    return DeadLetter.objects.get()


def badges_in(topic: str, count: int) -> list[str]:
    return [json.loads(m.value() or b"")["data"]["badgeId"] for m in messages_in(topic, count)]


@pytest.mark.kafka
def test_a_redriven_event_reaches_kafka_and_the_working_bridge_goes_on(topics: None) -> None:
    letter = letter_of_the_bridge()
    working = new_bridge()
    bridged(working)
    left: list[str] = []
    own = groups.group_named("kafka")
    groups._groups["kafka"] = replace(own, on_leave=lambda: left.append("left"))
    assert [outcome.result for outcome in redrive(letter_ids=[letter.pk])] == [Result.HANDLED]
    assert not DeadLetter.objects.exists()
    written("c")
    bridged(working)
    assert badges_in(EVENT_LOG, 3) == ["b", "a", "c"]
    assert left == ["left"], "this process keeps no producer"


def test_a_redrive_without_kafka_leaves_the_letters_as_they_were(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.kafka.bridge.INIT_SECONDS", 0.5)
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    letter = letter_of_the_bridge()
    [outcome] = redrive(letter_ids=[letter.pk])
    assert outcome.result is Result.FAILED
    assert outcome.error.startswith("Kafka: ")
    assert DeadLetter.objects.get().error == "the first one"
    assert GroupCursor.objects.get().lease_until is None


@pytest.mark.kafka
def test_an_unreadable_message_cannot_be_redriven_and_makes_room_when_discarded(
    topics: None,
) -> None:
    group = ConsumerGroup("notes", Notebook().handle, transactional=True, dead_letter_limit=1)
    register(group)
    put(EVENT_LOG, b"not json")
    reader = kafka_reader(group)
    turn_until(DeadLetter.objects.exists, reader)
    letter = DeadLetter.objects.get()
    [outcome] = redrive(letter_ids=[letter.pk])
    assert (outcome.result, outcome.error) == (Result.FAILED, NOT_IN_THE_LOG)
    assert DeadLetter.objects.get().error == letter.error
    assert "not JSON" in letter.error
    discard(letter_ids=[letter.pk], reason="a stranger's", now=timezone.now())
    put(EVENT_LOG, b"nor this")
    turn_until(lambda: DeadLetter.objects.filter(type=UNREADABLE).count() == 2, reader)
    reader.close()
    assert GroupCursor.objects.get(name="notes").stopped_at is None


@pytest.mark.kafka
def test_an_event_that_always_times_out_does_not_block_its_group(
    topics: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_group, "LEASE", timedelta(seconds=1))
    notebook = Notebook()

    def handle(events: list[Event]) -> None:
        with connection.cursor() as cursor:
            slow = any(event.data["badgeId"] == "slow" for event in events)
            cursor.execute("SELECT pg_sleep(%s)", [5.0 if slow else 0])
        notebook.handle(events)

    written("a", "slow", "c")
    bridged(new_bridge())
    reader = kafka_reader(ConsumerGroup("notes", handle, transactional=True))
    turn_until(lambda: notebook.of() == ["a", "c"], reader)
    reader.close()
    assert DeadLetter.objects.get().error.startswith("OperationalError: canceling statement")


@pytest.mark.kafka
def test_waiting_for_anothers_lock_is_not_blamed_on_the_event(
    topics: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_group, "LEASE", timedelta(seconds=1))
    notebook = Notebook()
    tries = 0

    def handle(events: list[Event]) -> None:
        nonlocal tries
        tries += 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7)")
        notebook.handle(events)

    written("a")
    bridged(new_bridge())
    reader = kafka_reader(ConsumerGroup("notes", handle, transactional=True))
    with psycopg.connect(current.DATABASE_DIRECT_URL) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(7)")
        turn_until(lambda: tries > POISON_ATTEMPTS + 1, reader)
    turn_until(lambda: notebook.of() == ["a"], reader)
    reader.close()
    assert not DeadLetter.objects.exists()


def test_a_group_that_starts_before_the_first_event_does_not_pass_the_head_of_the_log() -> None:
    notebook = Notebook()
    reader = kafka_group.GroupWork(ConsumerGroup("notes", notebook.handle, transactional=True))
    reader.advance()
    assert GroupCursor.objects.get(name="notes").position == 0
    written("a")
    reader.advance()
    assert GroupCursor.objects.get(name="notes").position == 0  # "a" is not handled yet
