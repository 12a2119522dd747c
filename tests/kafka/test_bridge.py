"""The bridge from the log to Kafka.

Asked here: what does a message look like? what after a crash between Kafka's commit and the
cursor? two bridges, of which one was asleep? Kafka frozen, Kafka restarted? a message that
Kafka refuses?
"""

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from core.correlation import set_correlation_id
from events.catalogue import InvalidEvent
from events.consumer import Consumer, Turn
from events.envelope import service_envelope
from events.groups import ConsumerGroup, LeadAnew, TryAgain
from events.kafka.bridge import Bridge
from events.kafka.group import kafka_reader
from events.kafka.messages import EVENT_LOG, Outgoing, messages_of
from events.models import DeadLetter, Event, GroupCursor, LeaseLost
from events.sequencer import number_pending
from events.services import publish
from tests.events.facts import BadgeActivated, activate, warn_admins
from tests.kafka.parts import (
    ANN,
    Notebook,
    bridged,
    headers_of,
    messages_in,
    new_bridge,
    rest,
    running,
    turn_until,
    turning,
    wait_until,
    written,
)
from tools.kafka.server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.django_db(transaction=True)]


def badges_in(topic: str, count: int) -> list[str]:
    return [
        json.loads(message.value() or b"")["data"]["badgeId"]
        for message in messages_in(topic, count)
    ]


def test_a_message_carries_the_envelope_and_says_where_it_came_from(topics: None) -> None:
    set_correlation_id("0198c0de-0000-7000-8000-00000000abcd")
    written("a")
    set_correlation_id("")
    event = Event.objects.get()
    bridged(new_bridge())
    message = messages_in(EVENT_LOG, 1)[0]
    assert message.key() == str(ANN).encode()
    assert json.loads(message.value() or b"") == service_envelope(event)
    headers = headers_of(message)
    assert headers == {
        "ce_specversion": "1.0",
        "ce_id": str(event.event_id),
        "ce_type": "badge_activated",
        "ce_source": "/nft-service",
        "ce_time": service_envelope(event)["timestamp"],
        "ce_position": "1",
        "content-type": "application/json",
        "traceparent": f"00-0198c0de00007000800000000000abcd-{event.event_id.hex[-16:]}-01",
    }


def test_every_documented_topic_gets_its_copy(topics: None) -> None:
    written("a")
    warn_admins()
    number_pending()
    bridged(new_bridge())
    log = messages_in(EVENT_LOG, 2)
    copies = [
        *messages_in("user-nft-events-topic", 1),
        *messages_in("nft-analytics-topic", 1),
        *messages_in("nft-operations-topic", 1),
    ]
    types = [headers_of(message)["ce_type"] for message in copies]
    assert types == ["badge_activated", "badge_activated", "authority_balance_low"]
    assert {message.value() for message in copies} == {message.value() for message in log}


def test_an_event_comes_out_of_kafka_as_it_went_in(topics: None) -> None:
    kept: list[Event] = []
    with transaction.atomic():
        publish(BadgeActivated(user_id=ANN, aggregate_id=UUID(int=7)))
    number_pending()
    bridged(new_bridge())
    reader = kafka_reader(ConsumerGroup("notes", kept.extend, transactional=True))
    turn_until(lambda: bool(kept), reader)
    reader.close()
    written_event = Event.objects.get()
    assert service_envelope(kept[0]) == service_envelope(written_event)
    for name in ("position", "aggregate_id", "audience", "event_id"):
        assert getattr(kept[0], name) == getattr(written_event, name)


def test_a_crash_between_kafka_and_the_cursor_has_one_effect(topics: None) -> None:
    written("a", "b")

    def crash(execute: Callable[..., object], sql: str, *others: object) -> object:
        if sql.startswith('UPDATE "events_consumergroup" SET "position"'):
            raise SystemExit("killed")
        return execute(sql, *others)

    crashed = new_bridge()
    with pytest.raises(SystemExit), connection.execute_wrapper(crash):
        crashed.step()
    crashed.release()
    written("c")
    bridged(new_bridge())
    assert badges_in(EVENT_LOG, 5) == ["a", "b", "a", "b", "c"]
    notebook = Notebook()
    reader = kafka_reader(ConsumerGroup("notes", notebook.handle, transactional=True))
    turn_until(lambda: "c" in notebook.of(), reader)
    reader.close()
    assert notebook.of() == ["a", "b", "c"]


def test_a_transaction_that_was_left_open_is_never_seen(topics: None) -> None:
    written("a")
    died = Bridge()
    died.lead()
    for producer in died._producers:
        producer.begin_transaction()
        producer.produce("nft-event-log", b"half")
    bridged(new_bridge())
    assert badges_in(EVENT_LOG, 1) == ["a"]


def test_a_zombie_bridge_is_fenced(topics: None) -> None:
    written("a", "b")
    zombie, successor = new_bridge(), new_bridge()
    events = list(Event.objects.after_position(0))
    sleeper = Bridge()
    sleeper.lead()
    bridged(successor)
    # librdkafka may have heard of it before: then it says that it has ended, and not why.
    with pytest.raises((LeaseLost, LeadAnew)):
        sleeper.send(events)
    assert zombie.step() is Turn.STANDBY
    written("c")
    bridged(successor)
    assert badges_in(EVENT_LOG, 3) == ["a", "b", "c"]


def test_a_bridge_that_lost_its_lease_while_it_got_ready_sends_nothing(topics: None) -> None:
    written("a")
    bridge = Bridge()

    def lead_slowly() -> None:
        bridge.lead()
        GroupCursor.objects.update(epoch=99)

    slow = ConsumerGroup("kafka", bridge.send, transactional=False, on_lead=lead_slowly)
    assert Consumer(slow).step() is Turn.STANDBY
    GroupCursor.objects.update(lease_until=None)
    bridged(new_bridge())
    assert badges_in(EVENT_LOG, 1) == ["a"]


def test_a_bridge_that_is_fenced_by_mistake_leads_again(topics: None) -> None:
    bridge = new_bridge()
    written("a")
    bridged(bridge)
    Bridge().lead()
    written("b")
    assert bridge.step() is Turn.STANDBY
    GroupCursor.objects.update(lease_until=None)
    bridged(bridge)
    assert badges_in(EVENT_LOG, 2) == ["a", "b"]


def test_a_message_that_kafka_refuses_holds_up_no_other(topics: None) -> None:
    with transaction.atomic():
        publish(BadgeActivated(user_id=ANN, badge_id="x" * 1_100_000))
    written("a")
    bridge = new_bridge()
    bridged(bridge)
    assert badges_in(EVENT_LOG, 1) == ["a"]
    letter = DeadLetter.objects.get()
    assert (letter.group, letter.position) == ("kafka", 1)
    assert "Undeliverable" in letter.error


def test_while_kafka_is_frozen_nothing_is_lost_and_browsers_do_not_notice(
    topics: None, kafka: KafkaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.kafka.bridge.COMMIT_SECONDS", 2.0)
    browsers = Notebook()
    realtime = Consumer(ConsumerGroup("browsers", browsers.handle, transactional=False))
    with turning(new_bridge(), realtime):
        written("a")
        wait_until(lambda: GroupCursor.objects.filter(name="kafka", position=1).exists())
        kafka.process.send_signal(signal.SIGSTOP)
        try:
            written("b", "c")
            wait_until(lambda: len(browsers.seen) == 3)
            time.sleep(3)  # longer than a delivery may take: the bridge has given up once
            assert GroupCursor.objects.get(name="kafka").position == 1
        finally:
            kafka.process.send_signal(signal.SIGCONT)
        written("d")
        wait_until(lambda: GroupCursor.objects.filter(name="kafka", position=4).exists())
    badges = badges_in(EVENT_LOG, 4)
    assert list(dict.fromkeys(badges)) == ["a", "b", "c", "d"]


def test_a_bridge_that_reads_no_more_keeps_no_producer(topics: None) -> None:
    written("a")
    bridge = Bridge()
    released, fenced = Consumer(bridge.group()), Consumer(bridge.group())
    bridged(released)
    assert has_producer(bridge)
    released.release()
    assert not has_producer(bridge)
    turn_until(lambda: has_producer(bridge), fenced)
    GroupCursor.objects.update(epoch=99)
    written("b")
    turn_until(lambda: not has_producer(bridge), fenced)


def has_producer(bridge: Bridge) -> bool:
    return bool(bridge._producers)


def test_an_event_that_cannot_be_a_message_holds_up_no_other(
    topics: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def strict(event: Event) -> Iterator[Outgoing]:
        if event.data["badgeId"] == "odd":
            raise InvalidEvent("a type without a schema")
        yield from messages_of(event)

    monkeypatch.setattr("events.kafka.bridge.messages_of", strict)
    written("a", "odd", "b")
    bridged(new_bridge())
    assert badges_in(EVENT_LOG, 2) == ["a", "b"]
    assert DeadLetter.objects.get().error == "InvalidEvent: a type without a schema"


def test_without_kafka_a_bridge_gives_its_lease_back_and_says_why(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.kafka.bridge.INIT_SECONDS", 0.5)
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    written("a")
    with pytest.raises(TryAgain, match="Kafka"):
        new_bridge().step()
    assert GroupCursor.objects.get(name="kafka").lease_until is None


def test_kafka_is_killed_and_comes_back_with_what_it_had(topics: None, kafka: KafkaServer) -> None:
    bridge = new_bridge()
    written("a")
    bridged(bridge)
    kafka.process.kill()
    kafka.process.wait()
    written("b")
    rest(bridge, turns=1)
    kafka.start_again()
    written("c")
    bridged(bridge)
    assert list(dict.fromkeys(badges_in(EVENT_LOG, 3))) == ["a", "b", "c"]


def test_a_killed_bridge_is_replaced_by_another(topics: None, tmp_path: Path, settings) -> None:
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": settings.KAFKA_BOOTSTRAP_SERVERS,
        "KAFKA_PREFIX": settings.KAFKA_PREFIX,
    }
    log = tmp_path / "log"
    count = 0
    with running("consume", "kafka", "--with-sequencer", environment=environment, log=log) as first:
        while not GroupCursor.objects.filter(name="kafka", position__gte=20).exists():
            activate(ANN, f"b{count}")
            count += 1
            time.sleep(0.02)
            assert first.poll() is None, log.read_text()
            assert count < 3000
        first.kill()
        first.wait()
    GroupCursor.objects.update(lease_until=None)  # the lease of a dead process runs out
    wait_until(lambda: number_pending() > 0 or Event.objects.all().head_position() == count)
    bridged(new_bridge())
    notebook = Notebook()
    reader = kafka_reader(ConsumerGroup("notes", notebook.handle, transactional=True))
    turn_until(lambda: len(notebook.seen) >= count, reader)
    reader.close()
    assert notebook.of() == [f"b{number}" for number in range(count)]


def test_the_bridge_is_a_group_of_consume_only_where_kafka_is_configured() -> None:
    with pytest.raises(Exception, match="No group kafka"):
        call_command("consume", "kafka")
