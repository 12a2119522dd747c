"""Consumer groups. What could go wrong, and is asked here:

a crash before, between or after handler and cursor; a reader that hangs, loses its lease
and wakes up; two readers at once; an event that cannot be handled; a receiver or the
database that is away; a stop in the middle.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import OperationalError, connection, connections
from redis import ConnectionError as RedisAway

from events.consumer import POISON_ATTEMPTS, Consumer, Turn
from events.groups import ConsumerGroup, TryAgain
from events.models import (
    DeadLetter,
    Event,
    GroupCursor,
    Lease,
    LeaseLost,
    ProcessedEvent,
    UserSequence,
)
from events.sequencer import number_pending
from tests.events.facts import activate, warn_admins

pytestmark = pytest.mark.django_db(transaction=True)

ANN = UUID(int=1)


def written(*badges: str) -> None:
    """Numbered events of one user."""
    for badge in badges:
        activate(ANN, badge)
    number_pending()


class Notebook:
    """A handler that remembers what it was given, and stumbles as told."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.stumble: Callable[[list[str]], None] = lambda _badges: None

    def handle(self, events: list[Event]) -> None:
        badges = [event.data["badgeId"] for event in events]
        self.stumble(badges)
        self.batches.append(badges)

    def has(self, badge: str) -> bool:
        return badge in self.seen

    @property
    def seen(self) -> list[str]:
        return [badge for batch in self.batches for badge in batch]


def into_the_database(events: list[Event]) -> None:
    """A handler whose effect is a counter in the database: handled twice, it counts twice."""
    for event in events:
        assert event.user_id is not None
        row, _ = UserSequence.objects.get_or_create(user_id=UUID(int=99), defaults={"sequence": 0})
        UserSequence.objects.filter(pk=row.pk).update(sequence=row.sequence + 1)


def counted() -> int:
    return Event.objects.all().user_head(UUID(int=99))


def group_of(notebook: Notebook, *, transactional: bool = False) -> ConsumerGroup:
    return ConsumerGroup("notes", notebook.handle, transactional=transactional)


def cursor() -> GroupCursor:
    return GroupCursor.objects.get()


def settle(consumer: Consumer, turns: int = 50) -> None:
    """Turn until there is nothing left to do, as `run()` does but without waiting."""
    for _ in range(turns):
        try:
            if consumer.step() is not Turn.WORKED:
                return
        except TryAgain:
            continue
    raise AssertionError("The consumer does not come to rest")


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


def test_only_one_reader_works_and_the_other_takes_over() -> None:
    notebook = Notebook()
    first, second = Consumer(group_of(notebook)), Consumer(group_of(notebook))
    assert first.step() is Turn.IDLE
    assert second.step() is Turn.STANDBY
    written("a")
    assert second.step() is Turn.STANDBY
    first.release()
    settle(second)
    assert notebook.seen == ["a"]
    assert first.step() is Turn.STANDBY


def test_a_zombie_reader_changes_nothing() -> None:
    group = ConsumerGroup("notes", into_the_database, transactional=True)
    zombie, successor = Consumer(group), Consumer(group)
    written("a")
    settle(zombie)
    GroupCursor.objects.update(lease_until=None)  # as if it had slept past its lease
    assert successor.step() is Turn.IDLE
    written("b")
    assert zombie.step() is Turn.STANDBY
    assert (counted(), cursor().position) == (1, 1)
    settle(successor)
    zombie.release()
    assert (counted(), cursor().position) == (2, 2)
    assert cursor().owner != "", "a zombie cannot give away what is not its own"


def test_a_lease_of_another_epoch_opens_nothing() -> None:
    GroupCursor.objects.create(name="notes", epoch=2, position=5)
    old = Lease(group="notes", epoch=1, position=5)
    for attempt in (
        lambda: GroupCursor.objects.move(old, 6, lease_for=timedelta(seconds=1)),
        lambda: GroupCursor.objects.move(
            replace(old, epoch=2, position=4), 6, lease_for=timedelta(seconds=1)
        ),
        lambda: GroupCursor.objects.renew(old, lease_for=timedelta(seconds=1)),
        lambda: GroupCursor.objects.stop(old, reason="r"),
    ):
        with pytest.raises(LeaseLost):
            attempt()
    assert (cursor().position, cursor().lease_until, cursor().stopped_at) == (5, None, None)


def test_a_zombie_that_lost_its_lease_while_it_handled_is_rolled_back() -> None:
    written("a")

    def lose_the_lease(events: list[Event]) -> None:
        into_the_database(events)
        in_thread(lambda: GroupCursor.objects.update(epoch=9, owner="another"))

    zombie = Consumer(ConsumerGroup("notes", lose_the_lease, transactional=True))
    assert zombie.step() is Turn.STANDBY
    assert counted() == 0
    assert not ProcessedEvent.objects.exists()
    assert (cursor().position, cursor().owner) == (0, "another")


def in_thread(work: Callable[[], object]) -> None:
    def run() -> None:
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)


def test_a_lease_is_renewed_while_there_is_nothing_to_do() -> None:
    consumer = Consumer(group_of(Notebook()), lease_for=timedelta(seconds=0.3))
    consumer.step()
    granted = cursor().lease_until
    time.sleep(0.15)
    consumer.step()
    renewed = cursor().lease_until
    assert granted is not None
    assert renewed is not None
    assert renewed > granted
    GroupCursor.objects.update(epoch=9)
    time.sleep(0.15)
    assert consumer.step() is Turn.STANDBY


def test_an_expired_lease_can_be_taken() -> None:
    notebook = Notebook()
    Consumer(group_of(notebook), lease_for=timedelta(seconds=0)).step()
    written("a")
    settle(Consumer(group_of(notebook)))
    assert notebook.seen == ["a"]
    assert cursor().epoch == 2


@pytest.mark.parametrize("transactional", [True, False])
def test_only_the_bad_event_leaves_a_poisoned_batch(transactional: bool) -> None:
    notebook = Notebook()
    tries: list[list[str]] = []

    def choke(badges: list[str]) -> None:
        tries.append(badges)
        if "bad" in badges:
            raise ValueError("cannot digest")

    notebook.stumble = choke
    written("a", "bad", "c", "d")
    consumer = Consumer(group_of(notebook, transactional=transactional))
    settle(consumer)
    written("e", "f")
    settle(consumer)
    assert notebook.batches == [["a"], ["c"], ["d"], ["e", "f"]]
    assert tries.count(["bad"]) == POISON_ATTEMPTS
    letter = DeadLetter.objects.get()
    assert (letter.group, letter.position, letter.type) == ("notes", 2, "badge_activated")
    assert letter.error == "ValueError: cannot digest"
    assert str(letter).startswith("notes badge_activated ")
    assert cursor().position == 6


def test_too_many_dead_letters_stop_the_group_until_it_is_resumed() -> None:
    notebook = Notebook()

    def choke(_badges: list[str]) -> None:
        raise ValueError("cannot digest")

    notebook.stumble = choke
    written("a", "b", "c")
    group = replace(group_of(notebook), dead_letter_limit=1)
    settle(Consumer(group))
    assert DeadLetter.objects.count() == 1
    assert cursor().position == 1
    assert cursor().stopped_at is not None
    assert cursor().stop_reason == "1 dead letters; ValueError: cannot digest"
    assert Consumer(group).step() is Turn.STANDBY
    notebook.stumble = lambda _badges: None
    assert GroupCursor.objects.all().resume() == 1
    settle(Consumer(group))
    assert notebook.seen == ["b", "c"]


def test_a_reader_that_lost_its_lease_neither_buries_nor_stops() -> None:
    notebook = Notebook()

    def choke_and_lose(_badges: list[str]) -> None:
        GroupCursor.objects.update(epoch=9)
        raise ValueError("cannot digest")

    notebook.stumble = choke_and_lose
    written("a")
    for limit in (0, 1):
        GroupCursor.objects.update(lease_until=None)
        settle(Consumer(replace(group_of(notebook), dead_letter_limit=limit)))
        assert not DeadLetter.objects.exists()
        assert cursor().stopped_at is None
        assert cursor().position == 0


@pytest.mark.parametrize("error", [RedisAway("away"), OperationalError("deadlock"), TryAgain("x")])
def test_a_fault_outside_never_costs_an_event(error: Exception) -> None:
    notebook = Notebook()
    tries = 0

    def fail_often(_badges: list[str]) -> None:
        nonlocal tries
        tries += 1
        if tries <= 2 * POISON_ATTEMPTS:
            raise error

    notebook.stumble = fail_often
    written("a", "b")
    consumer = Consumer(group_of(notebook))
    for _ in range(2 * POISON_ATTEMPTS):
        with pytest.raises(type(error)):
            consumer.step()
        assert cursor().position == 0
    settle(consumer)
    assert notebook.batches == [["a", "b"]]
    assert not DeadLetter.objects.exists()


def test_the_idle_hook_hears_how_far_everything_is_handled() -> None:
    heard: list[int] = []
    notebook = Notebook()
    consumer = Consumer(replace(group_of(notebook), on_idle=heard.append))
    consumer.step()
    written("a", "b")
    settle(consumer)
    assert heard == [0], "not more often than twice a second"
    time.sleep(0.55)
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


def test_a_running_reader_outlives_its_connections_and_frees_the_lease_when_stopped() -> None:
    notebook, stop = Notebook(), threading.Event()
    failures = iter([RedisAway("away")])

    def fail_once(_badges: list[str]) -> None:
        for error in failures:
            raise error

    notebook.stumble = fail_once
    consumer = Consumer(group_of(notebook))
    thread = threading.Thread(target=consumer.run, args=(stop,))
    thread.start()
    try:
        for badge in ("a", "b", "c"):
            with connection.cursor() as cursor_:
                cursor_.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            written(badge)
            wait_until(partial(notebook.has, badge))
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    assert sorted(set(notebook.seen)) == ["a", "b", "c"]
    written("d")
    settle(Consumer(group_of(notebook)))
    assert notebook.seen[-1] == "d"


def test_a_standby_takes_over_while_it_runs() -> None:
    notebook, stop = Notebook(), threading.Event()
    first = Consumer(group_of(notebook))
    first.step()
    standby = threading.Thread(target=Consumer(group_of(notebook)).run, args=(stop,))
    standby.start()
    try:
        written("a")
        time.sleep(0.2)
        assert notebook.seen == []
        first.release()
        wait_until(lambda: notebook.seen == ["a"])
    finally:
        stop.set()
        standby.join(10)
    assert cursor().owner == ""


def test_a_lease_that_cannot_be_released_is_left_to_run_out() -> None:
    consumer = Consumer(group_of(Notebook()))
    consumer.step()

    def away(*_: object) -> object:
        raise OperationalError("away")

    with connection.execute_wrapper(away):
        consumer.release()
    assert cursor().lease_until is not None
    consumer.release()
    assert cursor().lease_until is not None, "it is no longer its to release"


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert true()


def test_two_readers_in_threads_count_each_event_once() -> None:
    group = ConsumerGroup("notes", into_the_database, transactional=True, batch_size=3)
    stop = threading.Event()
    readers = [
        threading.Thread(
            target=Consumer(group, lease_for=timedelta(milliseconds=20)).run, args=(stop,)
        )
        for _ in range(2)
    ]
    for thread in readers:
        thread.start()
    try:
        for number in range(30):
            written(str(number))
        wait_until(lambda: GroupCursor.objects.filter(position=30).exists())
    finally:
        stop.set()
        for thread in readers:
            thread.join(10)
    assert counted() == 30
    assert ProcessedEvent.objects.count() == 30
