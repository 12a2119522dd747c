"""Events whose handling ends the process. Asked here: does one end every successor too? does a
reader that dies for another reason cost an event? does a fault outside? what does it cost while
all is well?
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from redis import ConnectionError as RedisAway

from events.consumer import Consumer, Turn
from events.crash_marks import DEATHS
from events.faults import printable
from events.groups import ConsumerGroup
from events.models import CrashMark, DeadLetter, GroupCursor
from tests.events.notebooks import Notebook, cursor, group_of, settle, written

pytestmark = pytest.mark.django_db(transaction=True)


def die(badges: list[str]) -> None:
    if "deadly" in badges:
        raise SystemExit("killed")


def lease_runs_out() -> None:
    GroupCursor.objects.update(lease_until=Now() - timedelta(seconds=1))


def deaths_until_it_settles(notebook: Notebook, *, transactional: bool = True) -> int:
    """How many readers end before one comes to rest; each leaves its lease behind."""
    for deaths in range(20):
        consumer = Consumer(group_of(notebook, transactional=transactional))
        try:
            settle(consumer)
        except SystemExit:
            lease_runs_out()
        else:
            consumer.release()
            return deaths
    raise AssertionError("Every reader ends")


@pytest.mark.parametrize("transactional", [True, False])
def test_only_the_deadly_event_becomes_a_dead_letter(transactional: bool) -> None:
    notebook = Notebook()
    notebook.stumble = die
    written("a", "deadly", "b", "c")
    assert deaths_until_it_settles(notebook, transactional=transactional) == 2 * DEATHS
    assert notebook.seen == ["a", "b", "c"]
    letter = DeadLetter.objects.get()
    assert (letter.position, cursor().position) == (2, 4)
    assert letter.error == "Deadly: 3 processes ended while they handled this event"
    written("d", "e")
    assert deaths_until_it_settles(notebook, transactional=transactional) == 0
    assert notebook.batches[-1] == ["d", "e"], "in batches again"


def test_readers_that_let_go_leave_no_mark() -> None:
    notebook = Notebook()
    for badge in ("a", "b", "c"):
        written(badge)
        assert deaths_until_it_settles(notebook) == 0
    assert not CrashMark.objects.exists()


def test_deaths_of_an_idle_group_cost_no_event() -> None:
    """As of a process that another group of it ends, or the orchestrator."""
    notebook = Notebook()
    for _ in range(3 * DEATHS):
        Consumer(group_of(notebook)).step()
        lease_runs_out()
    assert CrashMark.objects.get().deaths == 3 * DEATHS - 1
    written("a", "b")
    assert deaths_until_it_settles(notebook) == 0
    assert notebook.seen == ["a", "b"]
    assert not DeadLetter.objects.exists()


def test_a_fault_outside_is_not_a_death() -> None:
    notebook = Notebook()
    written("a")
    CrashMark.objects.create(reader="notes", partition=-1, place=0, deaths=DEATHS)
    GroupCursor.objects.create(name="notes", lease_until=Now() - timedelta(seconds=1))

    def away(_badges: list[str]) -> None:
        raise RedisAway("away")

    notebook.stumble = away
    consumer = Consumer(group_of(notebook))
    for _ in range(2 * DEATHS):
        with pytest.raises(RedisAway):
            consumer.step()
    assert CrashMark.objects.get().alone == 0
    notebook.stumble = lambda _badges: None
    settle(consumer)
    assert notebook.seen == ["a"]
    assert not DeadLetter.objects.exists()


def test_progress_starts_the_count_anew() -> None:
    notebook = Notebook()
    for badge in ("a", "b", "c", "d", "e", "f"):
        written(badge)
        settle(Consumer(group_of(notebook)))
        lease_runs_out()
    assert CrashMark.objects.get().deaths == 1
    assert str(CrashMark.objects.get()) == "notes[-1] at 5: 1, 0"


def test_a_deadly_event_over_the_limit_stops_the_group() -> None:
    notebook = Notebook()
    notebook.stumble = die
    written("deadly")
    for _ in range(2 * DEATHS):
        with pytest.raises(SystemExit):
            settle(Consumer(stopping(notebook)))
        lease_runs_out()
    assert Consumer(stopping(notebook)).step() is Turn.WORKED
    assert cursor().stopped_at is not None
    assert cursor().stop_reason.startswith("0 dead letters; Deadly")
    assert not DeadLetter.objects.exists()


def stopping(notebook: Notebook) -> ConsumerGroup:
    return replace(group_of(notebook), dead_letter_limit=0)


def test_a_cause_that_no_column_can_hold_is_kept_readable() -> None:
    notebook = Notebook()

    def choke(_badges: list[str]) -> None:
        raise ValueError("\0 nothing")

    notebook.stumble = choke
    written("a")
    settle(Consumer(group_of(notebook)))
    assert DeadLetter.objects.get().error == "ValueError: \\0 nothing"
    assert cursor().position == 1
    assert printable("half a \ud800") == "half a \\ud800"
