"""What a group gets. Asked here: every event once and in order? after a restart, after a crash
before, between or after handler and cursor? from the other bus too?
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from redis import ConnectionError as RedisAway

from events.consumer import Consumer, Turn
from events.groups import ConsumerGroup
from events.models import Event, GroupCursor, ProcessedEvent
from events.sequencer import number_pending
from tests.events.facts import activate, warn_admins
from tests.events.notebooks import (
    ANN,
    Notebook,
    counted,
    cursor,
    group_of,
    into_the_database,
    settle,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("transactional", [True, False])
def test_a_group_gets_every_event_once_in_order(transactional: bool) -> None:
    notebook = Notebook()
    group = replace(group_of(notebook, transactional=transactional), batch_size=2)
    written("a", "b", "c")
    consumer = Consumer(group)
    settle(consumer)
    written("d")
    settle(consumer)
    assert notebook.batches == [["a", "b"], ["c"], ["d"]]
    assert (cursor().position, str(cursor())) == (4, "notes at 4")
    assert ProcessedEvent.objects.count() == (4 if transactional else 0)


def test_a_group_resumes_where_it_stood() -> None:
    notebook = Notebook()
    written("a")
    first = Consumer(group_of(notebook))
    settle(first)
    first.release()
    written("b")
    settle(Consumer(group_of(notebook)))
    assert notebook.seen == ["a", "b"]


def test_a_group_gets_only_its_types_and_passes_the_others() -> None:
    notebook = Notebook()
    group = replace(group_of(notebook), types=frozenset({"badge_activated"}))
    warn_admins()
    written("a")
    warn_admins()
    number_pending()
    settle(Consumer(group))
    assert notebook.seen == ["a"]
    assert cursor().position == 3


def test_unnumbered_events_are_not_read() -> None:
    notebook = Notebook()
    activate(ANN)
    assert Consumer(group_of(notebook)).step() is Turn.IDLE
    assert notebook.seen == []


def test_a_crash_between_handler_and_cursor_leaves_no_effect_of_a_transaction() -> None:
    written("a", "b")
    group = ConsumerGroup("notes", into_the_database, transactional=True)

    def crash(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if sql.startswith('UPDATE "events_consumergroup" SET "position"'):
            raise SystemExit("killed")
        return execute(sql, *rest)

    with pytest.raises(SystemExit), connection.execute_wrapper(crash):
        Consumer(group).step()
    assert counted() == 0
    assert not ProcessedEvent.objects.exists()
    GroupCursor.objects.update(lease_until=None)
    settle(Consumer(group))
    assert counted() == 2


def test_a_crash_between_sending_and_cursor_sends_again() -> None:
    written("a")
    notebook = Notebook()
    crashed = Consumer(group_of(notebook))

    def crash(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if sql.startswith('UPDATE "events_consumergroup" SET "position"'):
            raise SystemExit("killed")
        return execute(sql, *rest)

    with pytest.raises(SystemExit), connection.execute_wrapper(crash):
        crashed.step()
    crashed.release()
    settle(Consumer(group_of(notebook)))
    assert notebook.batches == [["a"], ["a"]]


def test_an_event_that_came_by_another_bus_is_not_handled_again() -> None:
    written("a", "b")
    notebook = Notebook()
    ProcessedEvent.objects.claim("notes", [Event.objects.after_position(0)[0].event_id])
    settle(Consumer(group_of(notebook, transactional=True)))
    assert notebook.seen == ["b"]
    assert str(ProcessedEvent.objects.first()).startswith("notes ")


def test_the_idle_hook_hears_how_far_everything_is_handled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("events.consumer.HOOK_SECONDS", 3600.0)
    heard: list[int] = []
    notebook = Notebook()
    consumer = Consumer(replace(group_of(notebook), on_idle=heard.append))
    consumer.step()
    written("a", "b")
    settle(consumer)
    assert heard == [0], "not in every turn"
    monkeypatch.setattr("events.consumer.HOOK_SECONDS", 0.0)
    consumer.step()
    assert heard == [0, 2]


def test_a_failing_idle_hook_does_not_stop_the_group() -> None:
    notebook = Notebook()

    def fail(_position: int) -> None:
        raise RedisAway("away")

    consumer = Consumer(replace(group_of(notebook), on_idle=fail))
    consumer.step()
    written("a")
    settle(consumer)
    assert notebook.seen == ["a"]
