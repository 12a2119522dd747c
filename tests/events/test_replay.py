"""Replays. What could go wrong, and is asked here:

a replay repeats an outside effect; an event that comes during a rebuild is missing after the
swap, or counts twice; a reader that works at that moment; a dead letter, redriven between;
two replays at once; a part of the log replaces the whole; an interrupted one.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core.errors import Conflict, InvalidInput
from core.jobs import enqueue
from events import groups
from events.consumer import Consumer, Turn
from events.dead_letters import redrive
from events.groups import ConsumerGroup, Replay, Shadow, register
from events.models import DeadLetter, Event, GroupCursor, ProcessedEvent
from events.replay import _only_replay, replay_in_place, replay_into_shadow
from events.selection import Selection, selection_of
from events.sequencer import number_pending
from tests.events.counters import LIVE, SHADOW, Counter, put, value
from tests.events.facts import activate, warn_admins
from tests.events.notebooks import in_thread
from tests.events.test_dead_letters import one_letter, settle
from tests.together import run_together

pytestmark = pytest.mark.django_db(transaction=True)

ANN, BOB = UUID(int=1), UUID(int=2)


@pytest.fixture(autouse=True)
def _forget_groups() -> Iterator[None]:
    before = dict(groups._groups)
    yield
    groups._groups.clear()
    groups._groups.update(before)


@pytest.fixture
def counter() -> Counter:
    """Has handled 1 and 10 of Ann, 100 of Bob, and passed a warning to admins."""
    made = Counter()
    register(made.group())
    activate(ANN, "1")
    warn_admins()
    activate(ANN, "10")
    activate(BOB, "100")
    number_pending()
    settle(made.group())
    assert value(LIVE) == 111
    return made


def replayed(counter: Counter, selection: Selection) -> list[str]:
    counter.replayed = []
    count = replay_in_place(group=counter.group(), selection=selection)
    assert count == len(counter.replayed)
    return [text.removeprefix("counter ") for text in counter.replayed]


def test_a_replay_in_place_hands_over_what_was_selected(counter: Counter) -> None:
    assert replayed(counter, Selection()) == ["1", "10", "100"]
    assert replayed(counter, Selection(start=3)) == ["10", "100"]
    assert replayed(counter, Selection(start=2, end=3)) == ["10"]
    assert replayed(counter, Selection(user_id=BOB)) == ["100"]
    assert replayed(counter, Selection(types=frozenset({"nft_burned"}))) == []
    third = Event.objects.get(position=3)
    assert replayed(counter, Selection(start=third.created_at)) == ["10", "100"]
    assert replayed(counter, Selection(end=third.created_at)) == ["1", "10"]
    assert (value(LIVE), GroupCursor.objects.get(name="counter").position) == (111, 4)


def test_a_replay_in_place_stops_where_the_group_stands(counter: Counter) -> None:
    activate(ANN, "1000")
    number_pending()
    assert replayed(counter, Selection()) == ["1", "10", "100"]
    assert DeadLetter.objects.count() == 0


def test_a_replay_never_reaches_a_group_that_sends() -> None:
    sent: list[Event] = []
    activate(ANN)
    number_pending()
    group = ConsumerGroup("mail", sent.extend, transactional=False)
    settle(group)
    with pytest.raises(InvalidInput, match="mail cannot be replayed"):
        replay_in_place(group=group, selection=Selection())
    with pytest.raises(InvalidInput, match="no read model"):
        replay_into_shadow(group=group, selection=Selection(), swap=False)
    assert len(sent) == 1
    with pytest.raises(ValueError, match="sends to the outside"):
        register(
            ConsumerGroup("mail", sent.extend, transactional=False, shadow=Counter().group().shadow)
        )


@pytest.mark.parametrize("effect", [lambda: enqueue("nft.mint", 1), lambda: activate(BOB)])
@pytest.mark.parametrize("into", ["live", "shadow"])
def test_a_replay_that_would_start_a_job_or_publish_is_refused(
    counter: Counter, effect: Callable[[], object], into: str
) -> None:
    def handle(events: list[Event], *_mark: Replay) -> None:
        counter.fill(events)
        effect()

    group = replace(
        counter.group(),
        replay=handle,
        shadow=Shadow(lambda: put(SHADOW, 0), handle, lambda: None),
    )
    put(SHADOW, 0)
    run = replay_in_place if into == "live" else partial(replay_into_shadow, swap=False)
    with pytest.raises(InvalidInput, match="would start jobs or publish events"):
        run(group=group, selection=Selection())
    assert (value(SHADOW), Event.objects.count()) == (0, 4)


def test_a_sending_group_that_can_be_replayed_is_told_that_it_is_a_replay() -> None:
    inbox: list[str] = []
    mails: list[str] = []

    def handle(events: list[Event]) -> None:
        mails.extend(event.data["badgeId"] for event in events)

    def replay(events: list[Event], mark: Replay) -> None:
        inbox.extend(f"{mark.group}: {event.data['badgeId']}" for event in events)

    group = ConsumerGroup("inbox", handle, transactional=False, replay=replay, batch_size=1)
    activate(ANN, "a")
    activate(ANN, "b")
    number_pending()
    settle(group)
    replay_in_place(group=group, selection=Selection())
    assert (mails, inbox) == (["a", "b"], ["inbox: a", "inbox: b"])


def test_a_rebuild_replaces_a_ruined_model(counter: Counter) -> None:
    put(LIVE, 7)
    assert replay_into_shadow(group=counter.group(), selection=Selection(), swap=False) == 3
    assert (value(LIVE), value(SHADOW)) == (7, 111)
    assert replay_into_shadow(group=counter.group(), selection=Selection(), swap=True) == 3
    assert value(LIVE) == 111
    activate(ANN, "1000")
    number_pending()
    settle(counter.group())
    assert value(LIVE) == 1111


def test_events_that_come_during_a_rebuild_count_once(counter: Counter) -> None:
    """The live reader works between the shadow's batches, and in the moment of the swap."""
    reader = Consumer(counter.group())
    numbers = iter(["1000", "10000"])

    def meanwhile(execute, sql, *rest):
        result = execute(sql, *rest)
        is_end_of_batch = sql.startswith('UPDATE "events_consumergroup" SET "position"')
        for number in numbers if is_end_of_batch else ():
            _read_in_another_session(reader, number)
            break
        return result

    with connection.execute_wrapper(meanwhile):
        replay_into_shadow(group=counter.group(), selection=Selection(), swap=True)
    settle(counter.group())
    assert value(LIVE) == 11111


def _read_in_another_session(reader: Consumer, number: str) -> None:
    def work() -> None:
        activate(ANN, number)
        number_pending()
        assert reader.step() is Turn.WORKED

    in_thread(work)


def test_a_reader_in_the_middle_of_a_batch_does_not_survive_the_swap(counter: Counter) -> None:
    """It has written to the live model, not committed: the swap must not wait for ever nor lose."""
    activate(ANN, "1000")
    number_pending()
    rebuilt: list[int] = []

    def handle_and_be_overtaken(events: list[Event]) -> None:
        rebuilt.append(replay_elsewhere(counter))
        counter.handle(events)

    slow = ConsumerGroup(
        "counter", handle_and_be_overtaken, transactional=True, types=counter.group().types
    )
    assert Consumer(slow).step() is Turn.STANDBY, "it lost its lease"
    settle(counter.group())
    assert rebuilt == [3]
    assert value(LIVE) == 1111


def replay_elsewhere(counter: Counter) -> int:
    [count] = run_together(
        [lambda: replay_into_shadow(group=counter.group(), selection=Selection(), swap=True)]
    )
    assert isinstance(count, int), count
    return count


def test_a_dead_letter_is_passed_over_and_counts_when_it_is_redriven() -> None:
    counter = Counter()
    letter = one_letter(counter)
    replay_into_shadow(group=counter.group(), selection=Selection(), swap=True)
    assert value(LIVE) == 101
    redrive(letter_ids=[letter.pk])
    assert value(LIVE) == 111


def test_a_dead_letter_redriven_before_the_swap_is_not_lost() -> None:
    counter = Counter()
    letter = one_letter(counter)

    def redrive_before_the_swap(execute, sql, *rest):
        if "FOR UPDATE" in sql and DeadLetter.objects.exists() and value(SHADOW) == 101:
            run_together([lambda: redrive(letter_ids=[letter.pk])])
        return execute(sql, *rest)

    with connection.execute_wrapper(redrive_before_the_swap):
        replay_into_shadow(group=counter.group(), selection=Selection(), swap=True)
    assert not DeadLetter.objects.exists()
    assert value(LIVE) == 111


def test_a_group_that_reads_another_bus_is_rebuilt_from_what_it_has_processed(
    counter: Counter,
) -> None:
    """Kafka brings events in another order across users, and moves no cursor in our rows."""
    GroupCursor.objects.filter(name="counter").update(position=0)
    ProcessedEvent.objects.filter(event_id=Event.objects.get(position=3).event_id).delete()
    assert replay_into_shadow(group=counter.group(), selection=Selection(), swap=True) == 2
    assert value(LIVE) == 101
    assert replayed(counter, Selection()) == ["1", "100"]


def test_only_a_whole_rebuild_is_swapped_in(counter: Counter) -> None:
    with pytest.raises(InvalidInput, match="Part of the events"):
        replay_into_shadow(group=counter.group(), selection=Selection(start=2), swap=True)
    assert replay_into_shadow(group=counter.group(), selection=Selection(start=3), swap=False) == 2
    assert (value(LIVE), value(SHADOW)) == (111, 110)


def test_only_one_replay_of_a_group_runs(counter: Counter) -> None:
    with _only_replay("counter"), pytest.raises(Conflict, match="runs already"):
        replay_in_place(group=counter.group(), selection=Selection())
    assert len(replayed(counter, Selection())) == 3


def test_a_rebuild_that_fails_leaves_the_live_model_and_can_run_again(counter: Counter) -> None:
    counter.chokes_on = {"100"}
    with pytest.raises(ValueError, match="cannot digest"):
        replay_into_shadow(group=counter.group(), selection=Selection(), swap=True)
    assert value(LIVE) == 111
    counter.chokes_on = set()
    assert replay_into_shadow(group=counter.group(), selection=Selection(), swap=True) == 3
    assert value(LIVE) == 111


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("replay", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_replays_and_rebuilds(counter: Counter) -> None:
    assert told("--group", "counter", "--user", str(BOB)) == (
        "1 events replayed for counter, into live.\n"
    )
    assert told("--group", "counter", "--into", "shadow", "--swap").startswith("3 events")
    assert value(LIVE) == 111


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--group", "nobody"], "No group nobody"),
        (["--group", "counter", "--swap"], "goes with"),
        (["--group", "counter", "--from", "yesterday"], "neither a position nor a time"),
        (["--group", "counter", "--from", "2026-13-01T00:00:00Z"], "neither a position"),
        (["--group", "counter", "--from", "2026-01-01T00:00:00"], "neither a position"),
        (["--group", "counter", "--type", "badge_lost"], "no event type badge_lost"),
        (["--group", "counter", "--user", "ann"], "not a user's id"),
        (["--group", "realtime"], "cannot be replayed"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(
    counter: Counter, arguments: list[str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        told(*arguments)


def test_a_selection_reads_positions_and_times() -> None:
    selection = selection_of(start="5", end="2026-01-01T00:00:00Z", types=[], user="")
    assert selection.start == 5
    assert str(selection.end) == "2026-01-01 00:00:00+00:00"
