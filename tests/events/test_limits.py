"""Readers that freeze, and statements that never end. What could go wrong, and is asked here:

a reader freezes in mid-transaction and holds its locks; it wakes up after another took over;
one event's statement always runs into a timeout; a batch is too much where single events are
not; a lock that somebody else holds for long is blamed on an event.
"""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection

from events.consumer import POISON_ATTEMPTS, Consumer, Turn
from events.groups import ConsumerGroup, TryAgain, is_outside
from events.models import DeadLetter, Event, GroupCursor, ProcessedEvent
from events.sequencer import number_pending
from tests.events.facts import activate
from tests.events.programs import running, wait_for, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

ANN = UUID(int=1)

# Two readers of one transactional group; the handler of the first takes a nap on "nap".
NAPPER = """
import os, time
from events.consumer import Consumer
def handle(events):
    print("took", *(e.data["badgeId"] for e in events), flush=True)
    while os.path.exists(os.environ["NAP"]):
        time.sleep(0.05)
    print("handled", flush=True)
register(ConsumerGroup("nappers", handle, transactional=True))
import events.consumer
from datetime import timedelta
import events.bus
events.bus.Consumer = lambda group: Consumer(group, lease_for=timedelta(seconds=1))
"""


def test_a_frozen_reader_holds_up_its_successor_no_longer_than_its_lease(tmp_path: Path) -> None:
    nap, first, second = tmp_path / "nap", tmp_path / "first", tmp_path / "second"
    nap.touch()
    activate(ANN, "a")
    number_pending()
    elsewhere = {"NAP": str(tmp_path / "no-nap")}
    with running("consume", "nappers", log=first, setup=NAPPER, env={"NAP": str(nap)}) as frozen:
        wait_for("took a", first)
        os.kill(frozen.pid, signal.SIGSTOP)
        with running("consume", "nappers", log=second, setup=NAPPER, env=elsewhere):
            wait_for("handled", second)
            wait_until(lambda: GroupCursor.objects.filter(position=1).exists())
            nap.unlink()
            os.kill(frozen.pid, signal.SIGCONT)
            wait_for("handled", first)
            activate(ANN, "b")
            number_pending()
            wait_until(lambda: GroupCursor.objects.filter(position=2).exists())
    assert ProcessedEvent.objects.count() == 2
    assert not DeadLetter.objects.exists()
    assert "took b" not in first.read_text() or "took b" not in second.read_text()


class Sleeper:
    """A handler whose statement takes its time for the events it is told to."""

    def __init__(self, seconds: Callable[[list[str]], float]) -> None:
        self.seconds = seconds
        self.handled: list[str] = []
        self.tries = 0

    def handle(self, events: list[Event]) -> None:
        badges = [event.data["badgeId"] for event in events]
        self.tries += 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [self.seconds(badges)])
        self.handled += badges


def settle(sleeper: Sleeper) -> None:
    group = ConsumerGroup("sleepers", sleeper.handle, transactional=True)
    consumer = Consumer(group, lease_for=timedelta(seconds=2))
    for _ in range(30):
        try:
            if consumer.step() is not Turn.WORKED:
                return
        except TryAgain:
            continue
    raise AssertionError("The consumer does not come to rest")


def test_an_event_that_always_times_out_does_not_block_its_group() -> None:
    for badge in ("a", "slow", "c"):
        activate(ANN, badge)
    number_pending()
    sleeper = Sleeper(lambda badges: 5.0 if "slow" in badges else 0)
    settle(sleeper)
    assert sleeper.handled == ["a", "c"]
    assert sleeper.tries == 3 + POISON_ATTEMPTS
    assert DeadLetter.objects.get().error.startswith("OperationalError: canceling statement")
    assert GroupCursor.objects.get().position == 3


def test_a_batch_that_is_too_much_is_handled_one_by_one() -> None:
    for badge in ("a", "b", "c", "d"):
        activate(ANN, badge)
    number_pending()
    sleeper = Sleeper(lambda badges: 0.3 * len(badges))
    settle(sleeper)
    assert sleeper.handled == ["a", "b", "c", "d"]
    assert not DeadLetter.objects.exists()


def test_waiting_for_anothers_lock_is_not_blamed_on_the_event() -> None:
    activate(ANN, "a")
    number_pending()

    def handle(_events: list[Event]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7)")

    consumer = Consumer(
        ConsumerGroup("waiters", handle, transactional=True), lease_for=timedelta(seconds=2)
    )
    with psycopg.connect(settings.DATABASE_DIRECT_URL) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(7)")
        for _ in range(POISON_ATTEMPTS + 2):
            with pytest.raises(OperationalError, match="lock timeout"):
                consumer.step()
    wait_until(lambda: consumer.step() is Turn.IDLE)
    assert not DeadLetter.objects.exists()
    assert GroupCursor.objects.get().position == 1


def test_faults_are_sorted_by_what_they_say() -> None:
    cancelled, refused = OperationalError("timeout"), OperationalError("no connection")
    cancelled.__cause__ = psycopg.errors.QueryCanceled("timeout")
    refused.__cause__ = psycopg.OperationalError("no connection")
    assert not is_outside(cancelled)
    assert is_outside(refused)
    assert is_outside(OSError("unreachable"))
    assert not is_outside(ValueError("cannot digest"))
