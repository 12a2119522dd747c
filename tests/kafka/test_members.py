"""Members that come, go, freeze and die, whichever bus the group reads.

Asked here: is a user's order kept while members come and go? what does a member do that froze
for so long that another took its place? does an event that ends its process end every other?
do operators' replays meet the members at work? does a process end when it is told to?
"""

import os
import signal
from functools import partial
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command

from events import groups
from events.crash_marks import DEATHS
from events.groups import ConsumerGroup, register
from events.models import DeadLetter, Event, GroupCursor, ProcessedEvent
from tests.events.counters import LIVE, SHADOW, Counter, put, value
from tests.kafka.parts import (
    ANN,
    Notebook,
    PostgresBus,
    count_slowly,
    counted,
    running,
    turn_until,
    turning,
    wait_until,
    written,
)
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

USERS = [UUID(int=number) for number in range(10, 18)]


@pytest.fixture(autouse=True)
def _forget_groups():
    before = dict(groups._groups)
    yield
    groups._groups.clear()
    groups._groups.update(before)


def group_of(notebook: Notebook, **options: int) -> ConsumerGroup:
    return ConsumerGroup("notes", notebook.handle, transactional=True, **options)  # type: ignore[arg-type]


def test_order_is_kept_while_members_come_and_go(bus: PostgresBus) -> None:
    notebook = Notebook()
    group = group_of(notebook, batch_size=3)
    rounds = [f"r{number}" for number in range(6)]
    with turning(bus.reader(group)):
        for number, badge in enumerate(rounds):
            if number % 2:
                write_a_round(bus, badge)
                wait_until(partial(has_come, notebook, badge))
                continue
            with turning(bus.reader(group)):
                write_a_round(bus, badge)
        wait_until(lambda: len(notebook.seen) >= len(rounds) * len(USERS))
    assert all(notebook.of(user) == rounds for user in USERS)


def has_come(notebook: Notebook, badge: str) -> bool:
    return all(badge in notebook.of(user) for user in USERS)


def write_a_round(bus: PostgresBus, badge: str) -> None:
    for user in USERS:
        written(badge, user=user)
    bus.publish()


def test_an_event_that_ends_every_process_becomes_a_dead_letter(bus: PostgresBus) -> None:
    notebook = Notebook()

    def die(badges: list[str]) -> None:
        if "deadly" in badges:
            raise SystemExit("killed")

    notebook.stumble = die
    written("a", "deadly", "b")
    bus.publish()
    deaths = 0
    while not notebook.of()[1:]:
        reader = bus.reader(group_of(notebook))
        try:
            turn_until(lambda: len(notebook.of()) == 2, reader)
        except SystemExit:
            deaths += 1
            assert deaths < 10, "no end of it"
            bus.die(reader)
        else:
            bus.leave(reader)
    assert notebook.of() == ["a", "b"]
    letter = DeadLetter.objects.get()
    assert (letter.type, letter.position) == ("badge_activated", 2)
    assert "processes ended while they handled this event" in letter.error
    assert deaths == 2 * DEATHS, "some in a batch, some with the event alone in hand"


def test_a_member_that_froze_and_wakes_changes_nothing(bus: PostgresBus, tmp_path: Path) -> None:
    """Frozen for longer than its lease or session; the others have gone on meanwhile."""
    log = tmp_path / "log"
    for user in USERS:
        written(*"abcde", user=user)
    bus.publish()
    with running("consume", "counter", environment=bus.environment(), log=log) as process:
        wait_until(lambda: counted() >= 5 or process.poll() is not None)
        os.kill(process.pid, signal.SIGSTOP)
        try:
            finish_without_it(bus)
        finally:
            os.kill(process.pid, signal.SIGCONT)
        written("f", user=ANN)
        bus.publish()
        wait_until(lambda: ProcessedEvent.objects.filter(group="counter").count() == 41)
    assert counted() == 41, log.read_text()
    assert not DeadLetter.objects.exists()


def finish_without_it(bus: PostgresBus) -> None:
    group = ConsumerGroup("counter", count_slowly, transactional=True, batch_size=20)
    reader = bus.reader(group)
    turn_until(lambda: ProcessedEvent.objects.filter(group="counter").count() == 40, reader)
    bus.leave(reader)


def test_a_replay_meets_members_at_work(bus: PostgresBus) -> None:
    counter = Counter()
    register(counter.group())
    with turning(bus.reader(counter.group()), bus.reader(counter.group())):
        for badge in ("1", "10", "100"):
            written(badge)
        bus.publish()
        wait_until(lambda: value(LIVE) == 111)
        assert told("--group", "counter") == "3 events replayed for counter, into live.\n"
        assert counter.replayed == ["counter 1", "counter 10", "counter 100"]
        assert told("--group", "counter", "--into", "shadow").startswith("3 events")
        assert value(SHADOW) == 111
        put(LIVE, 5)
        written("1000")
        assert told("--group", "counter", "--into", "shadow", "--swap")
        bus.publish()
        wait_until(lambda: value(LIVE) == 1111)
    assert GroupCursor.objects.get(name="counter").lease_until is None


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("replay", *arguments, stdout=out)
    return out.getvalue()


def test_a_process_ends_when_it_is_told_to_in_the_middle_of_its_work(
    bus: PostgresBus, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    for user in USERS:
        written(*"abcde", user=user)
    bus.publish()
    with running("consume", "counter", environment=bus.environment(), log=log) as process:
        wait_until(lambda: counted() >= 5 or process.poll() is not None)
        process.terminate()
        assert process.wait(PATIENCE) == 0, log.read_text()
    done = ProcessedEvent.objects.filter(group="counter").count()
    assert counted() == done
    abandoned = "did not stop in time" in log.read_text()  # as on a very slow machine
    assert abandoned or GroupCursor.objects.get(name="counter").lease_until is None
    finish_without_it(bus)
    assert counted() == 40
    assert Event.objects.count() == 40
