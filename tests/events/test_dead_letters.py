"""Dead letters. What could go wrong, and is asked here:

redriven twice, at once, or while the reader works: counted twice; the redrive fails or dies
half-way: the letter or the effect is lost; somebody decides the opposite meanwhile; the group
is not known here; two operators meet.
"""

import json
from collections.abc import Iterator
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from core.errors import Conflict, InvalidInput
from events import groups
from events.consumer import Consumer, Turn
from events.dead_letters import Result, discard, redrive
from events.groups import ConsumerGroup, TryAgain, register
from events.holding import held
from events.models import DeadLetter, Event, GroupCursor, ProcessedEvent
from events.sequencer import number_pending
from tests.events.counters import LIVE, Counter, value
from tests.events.facts import activate
from tests.together import run_together

pytestmark = pytest.mark.django_db(transaction=True)

ANN = UUID(int=1)


@pytest.fixture(autouse=True)
def _forget_groups() -> Iterator[None]:
    before = dict(groups._groups)
    yield
    groups._groups.clear()
    groups._groups.update(before)


def settle(group: ConsumerGroup) -> None:
    consumer = Consumer(group)
    for _ in range(50):
        try:
            if consumer.step() is not Turn.WORKED:
                consumer.release()
                return
        except TryAgain:
            continue
    raise AssertionError("The consumer does not come to rest")


def one_letter(counter: Counter) -> DeadLetter:
    """The events 1, 10 and 100 of Ann, of which the 10 is a dead letter."""
    register(counter.group())
    counter.chokes_on = {"10"}
    for badge in ("1", "10", "100"):
        activate(ANN, badge)
    number_pending()
    settle(counter.group())
    assert value(LIVE) == 101
    counter.chokes_on = set()
    return DeadLetter.objects.get()


def test_a_redriven_event_takes_effect_once_and_its_letter_goes() -> None:
    letter = one_letter(Counter())
    for result in ([Result.HANDLED], []):
        assert [outcome.result for outcome in redrive(letter_ids=[letter.pk])] == result
    assert value(LIVE) == 111
    assert not DeadLetter.objects.exists()
    assert ProcessedEvent.objects.count() == 3
    assert GroupCursor.objects.get().position == 3


def test_redriving_at_once_has_one_effect() -> None:
    letter = one_letter(Counter())
    results = run_together([lambda: redrive(letter_ids=[letter.pk])] * 4)
    assert value(LIVE) == 111
    assert not DeadLetter.objects.exists()
    done = [r for r in results if isinstance(r, list) and [o.result for o in r] == ["handled"]]
    assert len(done) == 1
    assert all(isinstance(r, list | Conflict) for r in results)


def test_an_event_that_fails_again_stays_with_its_new_error() -> None:
    counter = Counter()
    letter = one_letter(counter)
    counter.chokes_on = {"10"}
    DeadLetter.objects.update(error="an older one")
    [outcome] = redrive(letter_ids=[letter.pk])
    assert (outcome.result, outcome.error) == (Result.FAILED, "ValueError: cannot digest 10")
    assert DeadLetter.objects.get().error == "ValueError: cannot digest 10"
    assert value(LIVE) == 101
    assert ProcessedEvent.objects.count() == 2


def test_a_redrive_that_dies_half_way_changes_nothing() -> None:
    letter = one_letter(Counter())

    def die(execute, sql, *rest):
        if sql.startswith('DELETE FROM "events_deadletter"'):
            raise SystemExit("killed")
        return execute(sql, *rest)

    with pytest.raises(SystemExit), connection.execute_wrapper(die):
        redrive(letter_ids=[letter.pk])
    assert value(LIVE) == 101
    assert [outcome.result for outcome in redrive(letter_ids=[letter.pk])] == [Result.HANDLED]
    assert value(LIVE) == 111


def test_an_event_that_another_bus_brought_meanwhile_is_not_counted_again() -> None:
    letter = one_letter(Counter())
    ProcessedEvent.objects.claim("counter", [letter.event_id])
    assert [outcome.result for outcome in redrive(letter_ids=[letter.pk])] == [Result.SETTLED]
    assert value(LIVE) == 101
    assert not DeadLetter.objects.exists()


def test_the_reader_gives_way_to_a_redrive_and_comes_back() -> None:
    counter = Counter()
    letter = one_letter(counter)
    reader = Consumer(counter.group())
    reader.step()
    redrive(letter_ids=[letter.pk])
    activate(ANN, "1000")
    number_pending()
    assert reader.step() is Turn.STANDBY
    reader.step()
    assert value(LIVE) == 1111


def test_two_operators_do_not_meet() -> None:
    letter = one_letter(Counter())
    with held("counter"), pytest.raises(Conflict, match="Somebody else"):
        redrive(letter_ids=[letter.pk])
    assert [outcome.result for outcome in redrive(letter_ids=[letter.pk])] == [Result.HANDLED]


def test_a_redrive_that_lost_the_group_says_so() -> None:
    counter = Counter()
    letter = one_letter(counter)

    def lose(execute, sql, *rest):
        if "set_config('idle" in sql:
            GroupCursor.objects.update(epoch=99)
        return execute(sql, *rest)

    with connection.execute_wrapper(lose):
        [outcome] = redrive(letter_ids=[letter.pk])
    assert outcome.result is Result.FAILED
    assert (value(LIVE), DeadLetter.objects.count()) == (101, 1)


def test_a_sending_group_sends_again_in_the_order_of_the_log() -> None:
    sent: list[str] = []
    broken = {"a", "c"}

    def send(events: list[Event]) -> None:
        for event in events:
            if event.data["badgeId"] in broken:
                raise ValueError("refused")
            sent.append(event.data["badgeId"])

    group = ConsumerGroup("sender", send, transactional=False)
    register(group)
    for badge in ("a", "b", "c"):
        activate(ANN, badge)
    number_pending()
    settle(group)
    letters = list(DeadLetter.objects.values_list("pk", flat=True))
    broken.clear()
    DeadLetter.objects.filter(pk=letters[0]).update(position=1)
    DeadLetter.objects.filter(pk=letters[1]).update(position=3)
    assert {outcome.result for outcome in redrive(letter_ids=letters)} == {Result.HANDLED}
    assert sent == ["b", "c", "a"]
    assert not DeadLetter.objects.exists()


@pytest.mark.parametrize("transactional", [True, False])
def test_a_letter_that_was_settled_meanwhile_is_left_alone(transactional: bool) -> None:
    handled: list[Event] = []
    group = ConsumerGroup("late", handled.extend, transactional=transactional)
    register(group)
    activate(ANN)
    number_pending()
    DeadLetter.objects.bury("late", Event.objects.get(), error="e")
    letter = DeadLetter.objects.get()

    def discard_first(execute, sql, *rest):
        if sql.startswith('UPDATE "events_consumergroup" SET "lease_until"'):
            DeadLetter.objects.update(discarded_at=timezone.now())
        return execute(sql, *rest)

    with connection.execute_wrapper(discard_first):
        [outcome] = redrive(letter_ids=[letter.pk])
    assert (outcome.result, handled) == (Result.SETTLED, [])
    assert DeadLetter.objects.exists()


def test_an_unknown_group_is_refused() -> None:
    letter = one_letter(Counter())
    groups._groups.pop("counter")
    with pytest.raises(InvalidInput, match="no group 'counter'"):
        redrive(letter_ids=[letter.pk])


def test_a_discarded_letter_stays_with_its_reason_and_makes_room() -> None:
    letter = one_letter(Counter())
    now = timezone.now()
    with pytest.raises(InvalidInput, match="Say why"):
        discard(letter_ids=[letter.pk], reason=" ", now=now)
    assert discard(letter_ids=[letter.pk], reason="a test trade", now=now) == 1
    assert discard(letter_ids=[letter.pk], reason="again", now=now) == 0
    assert redrive(letter_ids=[letter.pk]) == []
    kept = DeadLetter.objects.get()
    assert (kept.discarded_at, kept.discard_reason) == (now, "a test trade")
    assert not DeadLetter.objects.waiting().exists()


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("deadletters", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_lists_shows_redrives_and_discards() -> None:
    counter = Counter()
    letter = one_letter(counter)
    assert "cannot digest 10" in told("list")
    assert told("list", "--group", "another") == ""
    shown = json.loads(told("show", str(letter.pk)))
    assert (shown["position"], shown["event"]["data"]["badgeId"]) == (2, "10")
    with pytest.raises(CommandError, match="No dead letter 0"):
        told("show", "0")
    with pytest.raises(CommandError, match="Name letters"):
        told("redrive")
    counter.chokes_on = {"10"}
    with pytest.raises(CommandError, match="Some failed"):
        told("redrive", str(letter.pk))
    counter.chokes_on = set()
    assert told("redrive", "--group", "counter") == f"{letter.pk:>6} handled\n"
    assert value(LIVE) == 111
    DeadLetter.objects.bury("counter", Event.objects.after_position(0)[0], error="e")
    letter = DeadLetter.objects.get()
    with pytest.raises(CommandError, match="Say why"):
        told("discard", str(letter.pk), "--reason", "")
    assert told("discard", str(letter.pk), "--reason", "old") == "1 discarded.\n"
    assert told("list") == ""
    assert "DISCARDED: old" in told("list", "--all")
