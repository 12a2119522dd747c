"""What else a member of a Kafka group may meet: strangers' messages, absent topics, takeovers."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from confluent_kafka import Producer
from django.conf import settings
from django.utils import timezone

from core.errors import Conflict
from events.envelope import service_envelope
from events.groups import ConsumerGroup, TryAgain
from events.holding import held
from events.kafka.client import prefixed
from events.kafka.group import MAY_WORK, GroupWork, kafka_reader
from events.kafka.inbound import Inbound, inbound_reader
from events.kafka.letters import UNREADABLE
from events.kafka.messages import EVENT_LOG, Unreadable, event_of, messages_of
from events.kafka.reader import lag
from events.models import DeadLetter, Event, GroupCursor, ProcessedEvent
from events.status import SILENCE, group_statuses
from tests.events.facts import row
from tests.kafka.parts import (
    LARGE,
    Notebook,
    allow_large,
    bridged,
    headers_of,
    messages_in,
    new_bridge,
    put,
    rest,
    turn_often,
    turn_until,
    turning,
    wait_until,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)

ANN = UUID(int=1)


class Parcel:
    """A message as it would come out of Kafka."""

    def __init__(
        self, *, key: bytes | None = b"k", value: object = None, position: str = "7",
        **changes: object,
    ):  # fmt: skip
        event = row(ANN)
        event.position, event.sequence = 7, 3
        envelope = {**service_envelope(event), **changes}
        self._key = key
        self._value = value if value is not None else json.dumps(envelope).encode()
        self._headers = [
            (name, position if name == "ce_position" else value)
            for name, value in next(messages_of(event)).headers
        ]

    def topic(self) -> str:
        return EVENT_LOG

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 0

    def key(self) -> bytes | None:
        return self._key

    def value(self) -> Any:
        return self._value

    def headers(self) -> list:
        return self._headers


def test_a_proper_message_is_read() -> None:
    event = event_of(Parcel())
    assert (event.user_id, event.position, event.sequence, event.audience) == (ANN, 7, 3, "user")


@pytest.mark.parametrize(
    ("parcel", "reason"),
    [
        ({"value": b"{"}, "not JSON"),
        ({"value": b"\xff\xfe"}, "not JSON"),
        ({"value": b"[" * 100_000}, "not JSON"),
        ({"value": b"[]"}, "not a JSON object"),
        ({"value": b""}, "no value"),
        ({"value": b"1" * 10_000_000}, "10000000 bytes"),
        ({"value": b"{}"}, "not our envelope"),
        ({"key": None}, "no key"),
        ({"version": "9.0.0"}, "unknown version '9.0.0' of badge_activated"),
        ({"eventType": "badge_lost"}, "no schema for 'badge_lost'"),
        ({"data": {"badgeId": 5}}, "badge_activated: $"),
        ({"data": []}, "badge_activated: $"),
        ({"userId": 12}, "not our envelope"),
        ({"eventId": "x"}, "not our envelope"),
        ({"timestamp": None}, "not our envelope"),
        ({"timestamp": "2026-01-01T00:00:00"}, "no time zone"),
        ({"sequence": 2**63}, "there is no place"),
        ({"sequence": "many"}, "not our envelope"),
        ({"position": "-1"}, "there is no place"),
        ({"position": "9" * 30}, "there is no place"),
        ({"eventType": "x" * 5000}, "no schema for 'xxx"),
        ({"eventType": "released/badge_activated-1.0.0"}, "no schema"),
        ({"eventType": "a\0b"}, "no schema"),
        ({"message": ["a"]}, "a text is something else"),
        ({"correlationId": None}, "a text is something else"),
    ],
)
def test_a_message_that_is_no_event_says_why(parcel: dict, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        event_of(Parcel(**parcel))
    assert reason in str(caught.value)


@pytest.mark.parametrize("deep", ["message", "data"])
def test_a_message_that_is_nested_too_deeply_for_some_step_says_so(deep: str) -> None:
    """JSON is read to some depth, its complaints are written to another."""
    for depth in range(100, 1200, 10):
        nested = "[" * depth + "]" * depth
        good = json.loads(str(Parcel().value(), "ascii"))
        good["data" if deep == "data" else "message"] = {"badgeId": 0, "upgradeRequestId": None}
        value = json.dumps(good).replace('"badgeId": 0', f'"badgeId": {nested}').encode()
        with pytest.raises(Unreadable):
            event_of(Parcel(value=value))


def group_of(notebook: Notebook, **options: object) -> ConsumerGroup:
    return ConsumerGroup("notes", notebook.handle, transactional=True, **options)  # type: ignore[arg-type]


@pytest.mark.kafka
def test_unreadable_messages_leave_with_their_reason_and_the_group_goes_on(topics: None) -> None:
    notebook = Notebook()
    put(EVENT_LOG, b"not json", b"{}")
    put(EVENT_LOG, b"no key", key=None)
    written("a")
    bridged(new_bridge())
    reader = kafka_reader(group_of(notebook))
    turn_until(lambda: notebook.of() == ["a"] and DeadLetter.objects.count() == 3, reader)
    rest(reader)
    reader.close()
    letters = messages_in(f"{EVENT_LOG}.dlq", 3)
    assert [letter.value() for letter in letters] == [b"not json", b"{}", b"no key"]
    headers = headers_of(letters[0])
    assert headers["dlq_reason"] == "not JSON"
    assert headers["dlq_topic"].endswith(EVENT_LOG)
    assert (headers["dlq_reader"], headers["dlq_partition"], headers["dlq_offset"]) == (
        "notes",
        "0",
        "0",
    )
    assert set(DeadLetter.objects.values_list("type", flat=True)) == {UNREADABLE}
    assert lag.labels("notes")._value.get() == 0


@pytest.mark.kafka
def test_every_kind_of_unreadable_message_is_put_aside_and_the_group_goes_on(topics: None) -> None:
    notebook = Notebook()
    event = Parcel()
    of_tomorrow, wrong = Parcel(version="9.0.0"), Parcel(data={"badgeId": 5})
    allow_large(EVENT_LOG)
    put(EVENT_LOG, b"{", LARGE)
    for parcel in (of_tomorrow, wrong):
        put(EVENT_LOG, parcel.value(), headers=parcel.headers())
    put(EVENT_LOG, event.value(), key=None, headers=event.headers())
    written("a")
    bridged(new_bridge())
    reader = kafka_reader(group_of(notebook))
    turn_until(lambda: notebook.of() == ["a"] and DeadLetter.objects.count() == 5, reader)
    reader.close()
    assert GroupCursor.objects.get(name="notes").stopped_at is None
    reasons = [headers_of(letter)["dlq_reason"] for letter in messages_in(f"{EVENT_LOG}.dlq", 5)]
    wanted = [
        "not JSON",
        f"{len(LARGE)} bytes",
        "unknown version '9.0.0'",
        "badge_activated: $",
        "no key",
    ]
    for reason, words in zip(reasons, wanted, strict=True):
        assert words in reason


@pytest.mark.kafka
def test_too_many_unreadable_messages_stop_the_group(topics: None) -> None:
    put(EVENT_LOG, b"1", b"2", b"3")
    reader = kafka_reader(group_of(Notebook(), dead_letter_limit=2))
    GroupCursor.objects.create(name="notes")
    turn_until(lambda: GroupCursor.objects.filter(stopped_at__isnull=False).exists(), reader)
    rest(reader)
    assert DeadLetter.objects.count() == 2
    assert "2 dead letters" in GroupCursor.objects.get().stop_reason
    DeadLetter.objects.all().delete()
    GroupCursor.objects.all().resume()
    turn_until(lambda: DeadLetter.objects.filter(error__contains="@2").exists(), reader)
    reader.close()


@pytest.mark.kafka
def test_a_group_waits_while_somebody_else_holds_its_lease(topics: None) -> None:
    notebook = Notebook()
    lease = GroupCursor.objects.acquire("notes", owner="x", lease_for=timedelta(seconds=60))
    assert lease is not None
    written("a")
    bridged(new_bridge())
    reader = kafka_reader(group_of(notebook))
    rest(reader, turns=6)
    assert notebook.seen == []
    GroupCursor.objects.release(lease)
    turn_until(lambda: notebook.of() == ["a"], reader)
    reader.close()


@pytest.mark.kafka
def test_a_group_gets_only_its_types(topics: None) -> None:
    notebook = Notebook()
    written("a")
    bridged(new_bridge())
    reader = kafka_reader(group_of(notebook, types=frozenset({"nft_upgraded"})))
    turn_until(lambda: lag.labels("notes")._value.get() == 0, reader)
    rest(reader, turns=4)
    reader.close()
    assert notebook.seen == []
    assert not ProcessedEvent.objects.exists()


@pytest.mark.kafka
def test_a_reader_waits_for_its_topic_and_for_kafka(topics: None, settings) -> None:
    inbound = Inbound("nothing", "no-such-topic", "nobody", lambda bodies: [None] * len(bodies))
    absent = inbound_reader(inbound)
    with pytest.raises(TryAgain, match="Kafka"):
        turn_often(absent)
    absent.close()
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    away = inbound_reader(inbound)
    with turning(away):
        before = away.turned_at
        wait_until(lambda: away.turned_at > before)


@pytest.mark.kafka
def test_the_position_stays_before_what_is_not_done(topics: None) -> None:
    notebook = Notebook()
    written("a", "b")
    bridged(new_bridge())
    written("not in Kafka yet")
    reader = kafka_reader(group_of(notebook))
    turn_until(lambda: len(notebook.seen) == 2, reader)
    rest(reader)
    assert GroupCursor.objects.get(name="notes").position == 2
    reader.close()


@pytest.mark.kafka
def test_both_buses_together_have_one_effect(topics: None) -> None:
    from events.consumer import Consumer

    notebook = Notebook()
    group = group_of(notebook)
    written("a", "b")
    direct = Consumer(group)
    direct.step()
    direct.release()
    written("c")
    bridged(new_bridge())
    reader = kafka_reader(group)
    turn_until(lambda: len(notebook.seen) >= 3, reader)
    reader.close()
    assert notebook.of() == ["a", "b", "c"]
    assert Event.objects.count() == ProcessedEvent.objects.count() == 3


@pytest.mark.kafka
def test_a_message_with_too_many_headers_leaves_without_them(topics: None) -> None:
    """Copied whole, its dead letter would be refused, again and again."""
    notebook = Notebook()
    producer = Producer(
        {"bootstrap.servers": settings.KAFKA_BOOTSTRAP_SERVERS, "message.max.bytes": 2_000_000}
    )
    headers: list[tuple[str, str | bytes | None]] = [("first", "kept"), ("huge", "x" * 1_020_000)]
    producer.produce(prefixed(EVENT_LOG), b"not json", key=b"k", headers=headers)
    assert producer.flush(20) == 0
    reader = kafka_reader(group_of(notebook))
    turn_until(DeadLetter.objects.exists, reader)
    reader.close()
    kept = headers_of(messages_in(f"{EVENT_LOG}.dlq", 1)[0])
    assert (kept["first"], kept["dlq_reason"]) == ("kept", "not JSON")
    assert "huge" not in kept


@pytest.mark.kafka
def test_a_member_that_works_holds_up_no_other_members_position(topics: None) -> None:
    """The position moves while another member is in the middle of a batch; nobody waits."""
    written("a", "b")
    bridged(new_bridge())
    reader = kafka_reader(group_of(Notebook()))
    turn_until(lambda: ProcessedEvent.objects.count() == 2, reader)
    reader.close()
    GroupCursor.objects.update(position=0)
    with psycopg.connect(settings.DATABASE_DIRECT_URL) as member:
        member.execute(MAY_WORK, ["notes"])
        GroupWork(group_of(Notebook())).advance()
        assert GroupCursor.objects.get(name="notes").position == 2
        with pytest.raises(Conflict, match="Somebody else"), held("notes", wait_ms=100):
            pass


@pytest.mark.kafka
def test_a_group_that_reads_kafka_shows_that_it_is_read(topics: None) -> None:
    written("a")
    bridged(new_bridge())
    notebook = Notebook()
    reader = kafka_reader(group_of(notebook))
    turn_until(lambda: GroupCursor.objects.filter(name="notes", position=1).exists(), reader)
    reader.close()
    now = timezone.now()
    [status] = group_statuses(names=["notes"], now=now)
    assert status.turned_at is not None
    assert status.is_led(status.turned_at)
    assert not status.is_led(status.turned_at + SILENCE)
