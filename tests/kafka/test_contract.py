"""What a consumer group may rely on, whichever bus it reads.

Asked here: is the order of a user kept? does each event have one effect after a kill, a late
commit, a second member, a fault that passes? does a bad event hold up the others? can a group
start anew?
"""

import threading
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection, transaction

from events.groups import ConsumerGroup, TryAgain
from events.models import DeadLetter, GroupCursor, ProcessedEvent
from events.sequencer import number_pending
from events.services import publish
from tests.events.facts import BadgeActivated
from tests.kafka.parts import (
    ANN,
    Notebook,
    PostgresBus,
    count_slowly,
    counted,
    rest,
    running,
    turn_until,
    turning,
    wait_until,
    written,
)
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

BOB = UUID(int=2)


def group_of(notebook: Notebook, **options: int) -> ConsumerGroup:
    return ConsumerGroup("notes", notebook.handle, transactional=True, **options)  # type: ignore[arg-type]


def test_each_users_events_arrive_once_and_in_order(bus: PostgresBus) -> None:
    notebook = Notebook()
    badges = [f"b{number}" for number in range(30)]
    for badge in badges:
        written(badge, user=ANN)
        written(badge, user=BOB)
    bus.publish()
    reader = bus.reader(group_of(notebook, batch_size=7))
    turn_until(lambda: len(notebook.seen) >= 60, reader)
    rest(reader)
    assert notebook.of(ANN) == notebook.of(BOB) == badges
    assert GroupCursor.objects.get(name="notes").position == 60
    assert ProcessedEvent.objects.filter(group="notes").count() == 60


def test_a_group_resumes_where_it_stood(bus: PostgresBus) -> None:
    notebook = Notebook()
    written("a", "b")
    bus.publish()
    first = bus.reader(group_of(notebook))
    turn_until(lambda: len(notebook.seen) == 2, first)
    bus.leave(first)
    written("c")
    bus.publish()
    second = bus.reader(group_of(notebook))
    turn_until(lambda: len(notebook.seen) >= 3, second)
    assert notebook.of() == ["a", "b", "c"]


def test_what_commits_late_is_not_skipped(bus: PostgresBus) -> None:
    notebook = Notebook()
    opened, release = threading.Event(), threading.Event()

    def write_late() -> None:
        with transaction.atomic():
            publish(BadgeActivated(user_id=BOB, badge_id="late"))
            opened.set()
            release.wait(PATIENCE)
        connection.close()

    writer = threading.Thread(target=write_late)
    writer.start()
    assert opened.wait(PATIENCE)
    written("early")
    bus.publish()
    reader = bus.reader(group_of(notebook))
    turn_until(lambda: notebook.of(ANN) == ["early"], reader)
    release.set()
    writer.join()
    number_pending()
    bus.publish()
    turn_until(lambda: notebook.of(BOB) == ["late"], reader)


def test_a_bad_event_goes_to_the_dead_letters_and_stops_nobody(bus: PostgresBus) -> None:
    notebook = Notebook()

    def choke(badges: list[str]) -> None:
        if "bad" in badges:
            raise ValueError("cannot swallow this")

    notebook.stumble = choke
    written("a", "bad", "b")
    bus.publish()
    reader = bus.reader(group_of(notebook))
    turn_until(lambda: DeadLetter.objects.exists() and len(notebook.seen) >= 2, reader)
    assert notebook.of() == ["a", "b"]
    letter = DeadLetter.objects.get()
    assert (letter.group, letter.type, letter.position) == ("notes", "badge_activated", 2)
    assert letter.error == "ValueError: cannot swallow this"


def test_too_many_bad_events_stop_the_group_until_it_is_resumed(bus: PostgresBus) -> None:
    notebook = Notebook()
    broken = True

    def choke(_badges: list[str]) -> None:
        if broken:
            raise ValueError("broken release")

    notebook.stumble = choke
    written("a", "b")
    bus.publish()
    reader = bus.reader(group_of(notebook, dead_letter_limit=1))
    turn_until(
        lambda: GroupCursor.objects.filter(name="notes", stopped_at__isnull=False).exists(), reader
    )
    rest(reader)
    assert DeadLetter.objects.count() == 1
    assert notebook.seen == []
    broken = False
    GroupCursor.objects.filter(name="notes").resume()
    turn_until(lambda: notebook.of() == ["b"], reader)


def test_a_fault_that_passes_loses_nothing(bus: PostgresBus) -> None:
    notebook = Notebook()
    faults = iter([TryAgain("away"), ConnectionError("still away")])

    def stumble(_badges: list[str]) -> None:
        for fault in faults:
            raise fault

    notebook.stumble = stumble
    written("a", "b", "c")
    bus.publish()
    turn_until(lambda: len(notebook.seen) >= 3, bus.reader(group_of(notebook)))
    assert notebook.of() == ["a", "b", "c"]
    assert not DeadLetter.objects.exists()


def test_a_group_can_start_anew(bus: PostgresBus) -> None:
    notebook = Notebook()
    written("a", "b")
    bus.publish()
    group = group_of(notebook)
    reader = bus.reader(group)
    turn_until(lambda: len(notebook.seen) == 2, reader)
    bus.leave(reader)
    bus.forget(group)
    turn_until(lambda: len(notebook.seen) >= 4, bus.reader(group))
    assert notebook.of() == ["a", "b", "a", "b"]


def test_a_second_member_joins_and_takes_over(bus: PostgresBus) -> None:
    notebook = Notebook()
    users = [UUID(int=number) for number in range(10, 22)]
    group = group_of(notebook, batch_size=3)
    first, second = bus.reader(group), bus.reader(group)
    with turning(second):
        with turning(first):
            for user in users:
                written("a", "b", user=user)
            bus.publish()
            wait_until(lambda: len(notebook.seen) >= 24)
        for user in users:
            written("c", user=user)
        bus.publish()
        wait_until(lambda: len(notebook.seen) >= 36)
    assert all(notebook.of(user) == ["a", "b", "c"] for user in users)


def test_a_killed_reader_leaves_one_effect_of_each_event(bus: PostgresBus, tmp_path: Path) -> None:
    log = tmp_path / "log"
    for number in range(40):
        written("a", user=UUID(int=100 + number))
    bus.publish()
    with running("consume", "counter", environment=bus.environment(), log=log) as process:
        wait_until(lambda: counted() >= 10 or process.poll() is not None)
        process.kill()
        process.wait()
    assert 10 <= counted() < 40, log.read_text()
    GroupCursor.objects.update(lease_until=None)  # the lease of a dead process runs out
    successor = ConsumerGroup("counter", count_slowly, transactional=True, batch_size=20)
    turn_until(lambda: ProcessedEvent.objects.count() == 40, bus.reader(successor))
    assert counted() == 40
