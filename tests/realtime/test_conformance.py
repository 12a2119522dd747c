"""One suite for every transport: the same feed, the same order, the same resume point."""

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event as Signal
from threading import Semaphore

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import LoginSession
from accounts.services import end_login_session
from events.models import Event
from events.services import publish
from tests.patience import PATIENCE
from tests.realtime.clients import Tab, Wanderer
from tests.realtime.feed import Person, badge, badges, log_of, new_person, tell, write
from tests.realtime.readers import (
    READERS,
    Over,
    Reader,
    Refused,
    Reset,
    SseReader,
    WebSocketReader,
    take,
)
from tests.realtime.servers import WebServer, start_web
from tests.realtime.system import System, start_system

LONG = os.environ.get("PROFILE") == "long"
READERS_EACH = 4 if LONG else 1
DISCONNECTS = 1000 // READERS_EACH if LONG else 30
ROUNDS_OF_FAULTS = 6 if LONG else 1
PAUSE_SECONDS = 0.05

Open = Callable[..., Reader]


@pytest.fixture(params=READERS, ids=lambda reader: str(reader.transport))
def open_reader(request: pytest.FixtureRequest, web: WebServer, person: Person) -> Iterator[Open]:
    opened: list[Reader] = []

    def open_(*, after: int | str | None = None) -> Reader:
        reader: Reader = request.param(web, person, after=after)
        opened.append(reader)
        reader.connect()
        return reader

    yield open_
    for reader in opened:
        reader.drop()


@pytest.mark.usefixtures("heads")
def test_a_new_reader_starts_at_the_head(open_reader: Open, person: Person) -> None:
    tell(*badges(person.user, 3))
    reader = open_reader()
    assert reader.point == 3
    tell(*badges(person.user, 2))
    assert take(reader, 2) == [4, 5]


@pytest.mark.usefixtures("heads")
def test_live_and_replayed_events_are_the_envelopes_of_the_log(
    open_reader: Open, person: Person
) -> None:
    live = open_reader()
    tell(badge(person.user, "níght-owl"), badge(person.user, "second"))
    envelopes = [live.next() for _ in range(2)]
    late = open_reader(after=0)
    assert envelopes == [late.next() for _ in range(2)] == log_of(person)


@pytest.mark.usefixtures("heads")
def test_nobody_reads_somebody_elses_events(
    open_reader: Open, person: Person, other: Person
) -> None:
    reader = open_reader()
    tell(badge(other.user), badge(person.user), badge(other.user))
    assert reader.next() == log_of(person)[0]


@pytest.mark.usefixtures("heads")
@pytest.mark.parametrize("after", [0, 1, 18, 19])
def test_what_was_missed_comes_before_what_is_live(
    open_reader: Open, person: Person, after: int
) -> None:
    tell(*badges(person.user, 19))
    reader = open_reader(after=after)
    tell(badge(person.user))
    assert take(reader, 20 - after) == list(range(after + 1, 21))


@pytest.mark.usefixtures("heads")
def test_a_client_that_drops_before_its_first_event_resumes(
    open_reader: Open, person: Person
) -> None:
    tell(badge(person.user))
    reader = open_reader()
    reader.drop()
    tell(*badges(person.user, 2))
    reader.connect()
    assert take(reader, 2) == [2, 3]


@pytest.mark.usefixtures("heads")
def test_a_client_that_drops_before_its_replay_keeps_its_point(
    open_reader: Open, person: Person
) -> None:
    tell(*badges(person.user, 3))
    reader = open_reader(after=1)
    reader.drop()
    assert reader.point == 1
    reader.connect()
    assert take(reader, 2) == [2, 3]


@pytest.mark.usefixtures("heads")
@pytest.mark.parametrize(
    ("written", "after"), [(2, 3), (2, 10**17), (21, 0)], ids=["next", "future", "too old"]
)
def test_a_point_that_cannot_be_continued_is_a_reset(
    open_reader: Open, person: Person, written: int, after: int
) -> None:
    tell(*badges(person.user, written))
    reader = open_reader(after=after)
    with pytest.raises(Reset):
        reader.next()
    assert reader.point == written
    tell(badge(person.user))
    assert take(reader, 1) == [written + 1]


@pytest.mark.usefixtures("heads")
def test_resuming_while_events_are_written_has_no_hole_and_no_duplicate(
    open_reader: Open, person: Person
) -> None:
    reader = open_reader(after=0)
    ahead = Semaphore(4)  # four times four events are within the replay limit
    got = []
    with ThreadPoolExecutor(1) as threads:
        writer = threads.submit(write_ahead, ahead, person, rounds=15)
        for _ in range(15):
            got += take(reader, 4)
            ahead.release()
            reader.drop()
            reader.connect()
        writer.result()
    assert got == list(range(1, 61))


def write_ahead(ahead: Semaphore, person: Person, *, rounds: int) -> None:
    try:
        for _ in range(rounds):
            assert ahead.acquire(timeout=PATIENCE)
            tell(*badges(person.user, 3))
            tell(badge(person.user))
    finally:
        connection.close()


@pytest.mark.usefixtures("heads")
def test_the_last_event_arrives_also_when_redis_lost_it(open_reader: Open, person: Person) -> None:
    reader = open_reader()
    tell(badge(person.user))
    assert take(reader, 1) == [1]
    write(badge(person.user))  # and nothing is pushed but the head
    assert take(reader, 1) == [2]


@pytest.mark.usefixtures("heads")
def test_what_redis_lost_comes_before_what_came_after(open_reader: Open, person: Person) -> None:
    reader = open_reader()
    for number in (1, 3, 5):
        write(badge(person.user))  # and nothing is pushed
        tell(badge(person.user))
        assert take(reader, 2) == [number, number + 1]


def test_a_deaf_hub_delivers_too(open_reader: Open, person: Person) -> None:
    reader = open_reader()
    for number in (1, 2, 3):
        write(badge(person.user))  # and nobody pushes anything
        assert take(reader, 1) == [number]


@pytest.mark.usefixtures("heads")
def test_who_signs_out_reads_no_more(open_reader: Open, person: Person) -> None:
    reader = open_reader()
    session = LoginSession.objects.get(id=person.session_id)
    end_login_session(session=session, now=timezone.now())
    with pytest.raises((Over, Refused)) as ended:
        reader.next()
    assert ended.value.args in {("signed_out",), (401, "SESSION_ENDED")}
    tell(badge(person.user))
    with pytest.raises(Refused) as refused:
        open_reader(after=0).next()
    assert (refused.value.status, refused.value.error_code) == (401, "SESSION_ENDED")


@pytest.mark.usefixtures("heads")
@pytest.mark.parametrize("kind", [SseReader, WebSocketReader], ids=["sse", "websocket"])
def test_four_tabs_do_not_take_turns(web: WebServer, person: Person, kind: type[Reader]) -> None:
    """Three go on when their server goes away, the oldest has been told to stay away."""
    first, second = start_web(), web
    tabs = [Tab(kind(first, person)) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        running = []
        for tab in tabs:
            connected = Signal()
            running.append(threads.submit(tab.run, 2, connected))
            assert connected.wait(PATIENCE)
        running[0].result(PATIENCE)
        tell(badge(person.user))
        for tab in tabs:
            tab.reader.web = second
        first.stop()
        wait_for_connects(tabs[1:], running[1:])
        tell(badge(person.user))
        for run in running:
            run.result(PATIENCE)
    assert [(tab.superseded, tab.connects) for tab in tabs] == [(True, 1)] + [(False, 2)] * 3
    assert [tab.got for tab in tabs[1:]] == [[1, 2]] * 3


def wait_for_connects(tabs: Sequence[Tab], running: Sequence[Future[None]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while any(tab.connects < 2 for tab in tabs):
        if any(run.done() for run in running):
            return  # one failed: its error is in its result
        assert time.monotonic() < deadline, "the tabs did not come back"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def system(shared_log: None) -> Iterator[System]:
    system = start_system(STREAM_REPLAY_LIMIT="100000")
    yield system
    system.stop()


def nothing(_system: System) -> None: ...


def restart_redis(system: System) -> None:
    system.kill_redis()
    system.restart_redis()


def deafen(system: System) -> None:
    system.client().client_kill_filter(_type="pubsub")


FAULTS = [nothing, restart_redis, System.replace_web, deafen, System.kill_web]
if LONG:
    FAULTS.append(System.kill_consumer)  # another takes over when the lease of 10 s runs out


@pytest.mark.timeout(7200 if LONG else 900)
def test_whatever_breaks_every_reader_ends_with_the_log(system: System) -> None:
    """Disconnects at random, while events are written and Redis and the server come and go."""
    wanderers = [Wanderer(kind, system, new_person()) for kind in READERS * READERS_EACH]
    faults = [
        fault for _ in range(ROUNDS_OF_FAULTS) for fault in random.sample(FAULTS, len(FAULTS))
    ]
    with writing([wanderer.person for wanderer in wanderers]):
        with ThreadPoolExecutor(len(wanderers)) as threads:
            runs = [threads.submit(wanderer.run, DISCONNECTS) for wanderer in wanderers]
            try:
                for number, fault in enumerate(faults, start=1):
                    wait_for_disconnects(wanderers, runs, number * DISCONNECTS // len(faults) - 1)
                    fault(system)
            except BaseException:
                for wanderer in wanderers:
                    wanderer.stop()
                raise
        for run in runs:
            run.result()
    for wanderer in wanderers:
        log = log_of(wanderer.person)
        wanderer.read_up_to(len(log))
        assert len(log) > 20
        assert wanderer.got == log


def wait_for_disconnects(
    wanderers: Sequence[Wanderer], runs: Sequence[Future[None]], wanted: int
) -> None:
    """Raises what one of the runs raised."""
    deadline = time.monotonic() + (3600 if LONG else 120)
    while any(wanderer.disconnects < wanted for wanderer in wanderers):
        for run in runs:
            if run.done():
                run.result()
        assert time.monotonic() < deadline, [wanderer.disconnects for wanderer in wanderers]
        time.sleep(0.05)


@contextmanager
def writing(people: Sequence[Person]) -> Iterator[None]:
    """An event for each of them, again and again; ends when all of it is numbered."""
    stop = Signal()
    with ThreadPoolExecutor(1) as threads:
        writer = threads.submit(write_until, stop, people)
        try:
            yield
        finally:
            stop.set()
        writer.result()
    deadline = time.monotonic() + PATIENCE
    while Event.objects.filter(position=None).exists():
        assert time.monotonic() < deadline, "nobody numbers the events"
        time.sleep(0.05)


def write_until(stop: Signal, people: Sequence[Person]) -> None:
    try:
        while not stop.wait(PAUSE_SECONDS):
            with transaction.atomic():
                for person in people:
                    publish(badge(person.user))
    finally:
        connection.close()
