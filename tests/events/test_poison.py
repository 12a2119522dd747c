"""Events that cannot be handled. Asked here: do they hold up the others? what when there are
many? does a fault outside cost an event? may a reader that lost its lease decide?
"""

from dataclasses import replace

import pytest
from django.db import OperationalError
from redis import ConnectionError as RedisAway

from events.consumer import POISON_ATTEMPTS, Consumer, Turn
from events.groups import TryAgain
from events.models import DeadLetter, GroupCursor
from tests.events.notebooks import (
    Notebook,
    cursor,
    group_of,
    settle,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)


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
