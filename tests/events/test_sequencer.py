"""The sequencer. What could go wrong, and is asked here:

a transaction that commits late is skipped; one that rolls back leaves a gap; two sequencers
give a number twice; one dies half-way; one user's events change order; one sequencer hangs
and takes the others along; the database goes away.
"""

import json
import random
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import Error, connection, connections, transaction

from core.ids import uuid7
from events.models import Event, Sequencer, UserSequence
from events.sequencer import LOCK, NUMBER_A_BATCH, number_batch, number_pending, run_sequencer
from tests.events.facts import activate, row, warn_admins
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


def in_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def assert_whole(expected: int) -> None:
    """Every row has a place, nothing is missing, and each feed counts 1, 2, 3…"""
    places = list(Event.objects.after_position(0).values_list("position", flat=True))
    assert places == list(range(1, expected + 1))
    assert Event.objects.count() == expected
    assert Event.objects.all().head_position() == expected
    for user in set(Event.objects.filter(audience="user").values_list("user_id", flat=True)):
        assert user is not None
        feed = list(Event.objects.for_user(user))
        assert [event.sequence for event in feed] == list(range(1, len(feed) + 1))
        assert feed == sorted(feed, key=lambda event: event.place)
        assert Event.objects.all().user_head(user) == len(feed)


def test_a_place_in_the_log_and_one_in_the_users_feed() -> None:
    ann, bob, request = uuid7(), uuid7(), uuid7()
    first, _, third = activate(ann), warn_admins(), activate(ann, upgrade=request)
    activate(bob, upgrade=request)
    assert number_pending() == 4
    assert list(Event.objects.after_position(1).values_list("position", "sequence")) == [
        (2, None), (3, 2), (4, 1),
    ]  # fmt: skip
    assert list(Event.objects.for_user(ann)) == [first, third]
    assert list(Event.objects.for_user(ann, after=1)) == [third]
    assert list(Event.objects.for_upgrade(ann, request)) == [third]
    assert not Event.objects.for_upgrade(ann, request, after=2).exists()
    assert Event.objects.for_admins().get().position == 2
    assert not Event.objects.for_admins(after=2).exists()
    assert_whole(4)


def test_nothing_to_number_changes_nothing() -> None:
    assert number_batch() == 0
    assert not Sequencer.objects.exists()
    assert Event.objects.all().head_position() == Event.objects.all().user_head(uuid7()) == 0


def test_numbering_goes_on_in_batches() -> None:
    ann = uuid7()
    Event.objects.bulk_create([row(ann, n) for n in range(7)])
    assert [number_batch(limit=3) for _ in range(4)] == [3, 3, 1, 0]
    assert_whole(7)
    assert [e.data["badgeId"] for e in Event.objects.for_user(ann)] == [str(n) for n in range(7)]
    assert (str(Sequencer.objects.get()), str(UserSequence.objects.get())) == (
        "at 7",
        f"{ann} at 7",
    )


def test_a_late_commit_is_not_skipped() -> None:
    ann = uuid7()
    written, may_commit = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            activate(ann, "slow")
            written.set()
            may_commit.wait(PATIENCE)

    slow = in_thread(write_slowly)
    assert written.wait(PATIENCE)
    quick = activate(ann, "quick")
    assert number_pending() == 1
    may_commit.set()
    slow.join(PATIENCE)
    assert number_pending() == 1
    assert [event.data["badgeId"] for event in Event.objects.for_user(ann)] == ["quick", "slow"]
    late = Event.objects.for_user(ann, after=1).get()
    assert late.id < quick.id
    assert_whole(2)


def test_a_rollback_leaves_no_gap() -> None:
    ann = uuid7()
    activate(ann)
    with transaction.atomic():
        activate(ann)
        transaction.set_rollback(True)
    activate(ann)
    number_pending()
    assert_whole(2)


def test_deleting_old_events_does_not_reuse_a_number() -> None:
    ann = uuid7()
    activate(ann)
    number_pending()
    Event.objects.all().delete()
    activate(ann)
    number_pending()
    assert Event.objects.values_list("position", "sequence").get() == (2, 2)


class Writers:
    """Threads that write to the same few users; a user's row lock is played by a mutex."""

    def __init__(self, users: list[UUID]):
        self.written: dict[UUID, list[str]] = {user: [] for user in users}
        self.rolled_back: list[str] = []
        self._row_locks = {user: threading.Lock() for user in users}

    def write(self, seed: int) -> None:
        dice = random.Random(seed)
        for number in range(40):
            user = dice.choice(list(self.written))
            badges = [f"{seed}-{number}-{n}" for n in range(dice.randint(1, 3))]
            with self._row_locks[user]:
                try:
                    self._commit(user, badges, dice)
                except LookupError:
                    self.rolled_back.extend(badges)
                else:
                    self.written[user].extend(badges)

    @transaction.atomic
    def _commit(self, user: UUID, badges: list[str], dice: random.Random) -> None:
        for badge in badges:
            activate(user, badge)
            time.sleep(dice.random() * 0.005)
        if dice.random() < 0.2:
            raise LookupError


def test_contending_writers_and_two_sequencers_lose_and_reorder_nothing() -> None:
    writers = Writers([uuid7() for _ in range(5)])
    stop = threading.Event()
    sequencers = [in_thread(lambda: run_sequencer(stop)) for _ in range(2)]
    try:
        threads = [in_thread(partial(writers.write, seed)) for seed in range(6)]
        for thread in threads:
            thread.join(PATIENCE)
        expected = sum(len(badges) for badges in writers.written.values())
        wait_for_head(expected)
    finally:
        stop.set()
        for thread in sequencers:
            thread.join(PATIENCE)
    assert writers.rolled_back
    assert_whole(expected)
    for user, badges in writers.written.items():
        assert [event.data["badgeId"] for event in Event.objects.for_user(user)] == badges


def wait_for_head(position: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while Event.objects.all().head_position() < position and time.monotonic() < deadline:
        time.sleep(0.02)
    assert Event.objects.all().head_position() == position


def test_a_sequencer_killed_in_mid_transaction_leaves_no_trace() -> None:
    ann = uuid7()
    activate(ann)
    killed = pytest.raises(psycopg.errors.AdminShutdown)
    with killed, psycopg.connect(settings.DATABASE_DIRECT_URL) as doomed:
        doomed.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        assert doomed.execute(NUMBER_A_BATCH, [10]).rowcount == 1
        assert number_batch() == 0, "another sequencer holds the lock"
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [doomed.info.backend_pid])
    assert number_pending() == 1
    assert_whole(1)


def test_a_frozen_sequencer_is_ended_by_the_server() -> None:
    ann = uuid7()
    activate(ann)
    frozen, done = threading.Event(), threading.Event()
    failures: list[Error] = []

    def freeze(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if "row_number" in sql:
            frozen.set()
            done.wait(PATIENCE)
        return execute(sql, *rest)

    def number_and_freeze() -> None:
        try:
            with connection.execute_wrapper(freeze):
                number_batch()
        except Error as error:
            failures.append(error)

    victim = in_thread(number_and_freeze)
    assert frozen.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while number_pending() == 0 and time.monotonic() < deadline:
        time.sleep(0.1)
    done.set()
    victim.join(PATIENCE)
    assert_whole(1)
    assert len(failures) == 1


def test_the_sequencer_outlives_its_connections() -> None:
    ann = uuid7()
    stop = threading.Event()
    sequencer = in_thread(lambda: run_sequencer(stop))
    try:
        for number in range(1, 4):
            activate(ann)
            wait_for_head(number)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
                assert cursor.rowcount >= 1
    finally:
        stop.set()
        sequencer.join(PATIENCE)
    assert not sequencer.is_alive()
    assert_whole(3)


FILL = """
INSERT INTO events_event (event_id, type, version, audience, user_id, message, data,
    correlation_id, created_at, position, sequence)
SELECT gen_random_uuid(), 't', '1', CASE WHEN n % 100 = 0 THEN 'admin' ELSE 'user' END,
    CASE WHEN n % 100 > 0 THEN lpad(to_hex(n % 100), 32, '0')::uuid END, 'm',
    jsonb_build_object('upgradeRequestId', lpad(to_hex(n % 1000), 32, '0')::uuid),
    'c', now(), n, CASE WHEN n % 100 > 0 THEN n / 100 + 1 END
FROM generate_series(1, 20000) AS n
"""


def rows_read(plan: dict[str, Any]) -> int:
    """Those that the plan returned at its leaves, and those that it threw away there."""
    children = plan.get("Plans", [])
    own = 0 if children else plan["Actual Rows"]
    read: int = round(own + plan.get("Rows Removed by Filter", 0) + sum(map(rows_read, children)))
    return read


def test_readers_read_no_more_rows_than_they_get() -> None:
    """Whichever index the server prefers for it."""
    with connection.cursor() as cursor:
        cursor.execute(FILL)
        cursor.execute("ANALYZE events_event")
    log, request = Event.objects.all(), UUID(int=501)
    for asked, expected in (
        (log.for_user(UUID(int=1), after=100), 100),
        (log.for_upgrade(UUID(int=1), request), 20),
        (log.for_admins(after=15000), 50),
        (log.after_position(19000)[:100], 100),
        (log.filter(position__isnull=True).order_by("id"), 0),
    ):
        [explained] = json.loads(asked.explain(format="json", analyze=True))
        assert len(asked) == expected
        assert rows_read(explained["Plan"]) <= 2 * expected, explained
