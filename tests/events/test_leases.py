"""Who reads for a group. Asked here: two readers at once? one that hangs, loses its lease and
wakes up? one that dies, or is stopped? the database away meanwhile?
"""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.db import OperationalError, connection
from redis import ConnectionError as RedisAway

from events.consumer import Consumer, Turn
from events.groups import ConsumerGroup
from events.models import Event, GroupCursor, Lease, LeaseLost, ProcessedEvent
from tests.events.notebooks import (
    Notebook,
    counted,
    cursor,
    group_of,
    in_thread,
    into_the_database,
    settle,
    written,
)
from tests.events.programs import wait_until
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


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
        thread.join(PATIENCE)
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
        standby.join(PATIENCE)
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
            thread.join(PATIENCE)
    assert counted() == 30
    assert ProcessedEvent.objects.count() == 30
