"""One order, nothing lost, nothing twice: whoever dies, and however often it is told."""

import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, connections, transaction
from pytest_django.fixtures import Settings

from audit import handlers
from audit.handlers import AUDIT
from audit.merkle import CHUNK, Frontier
from audit.models import ChainTransaction, Checkpoint, Chunk, Head, Pending, Record
from audit.noting import note_all
from audit.services import appending
from audit.services.appending import append_batch, append_pending
from core.ids import uuid7
from core.processes import spawn, stop
from events.consumer import Consumer
from events.events import to_the_millisecond
from events.models import Event
from events.replay import replay_in_place
from events.selection import Selection
from events.sequencer import number_pending
from tests.audit.bundles import bundle, record, verify
from tests.events.facts import activate
from tests.events.notebooks import settle
from tests.patience import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("log")]


def content() -> list[tuple[object, ...]]:
    """What is recorded of events, without salts and places: to compare."""
    rows = Record.objects.filter(source="event").order_by("event")
    return list(rows.values_list("event", "at", "what", "subject", "correlation", "after"))


def told() -> list[tuple[object, ...]]:
    """The same out of the log of events."""
    rows = Event.objects.order_by("event_id")
    return [
        (
            it.event_id, to_the_millisecond(it.created_at), it.type, it.user_id, it.correlation_id,
            json.dumps(it.data, sort_keys=True, separators=(",", ":")),
        )
        for it in rows
    ]  # fmt: skip


def test_an_event_becomes_one_record_however_often_it_is_told() -> None:
    for number in range(5):
        activate(UUID(int=1), f"badge-{number}")
    number_pending()
    settle(Consumer(AUDIT))
    handlers.record_events(list(Event.objects.all()))  # while the first ones still wait
    append_pending()
    replay_in_place(group=AUDIT, selection=Selection())
    append_pending()
    assert content() == told()
    assert Pending.objects.count() == 0
    assert Head.objects.get().size == Record.objects.count() == 5


def test_of_many_appenders_one_works_and_the_tree_is_right() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit.pending (noted) SELECT jsonb_build_object('source', 'test', 'what',"
            " n::text) FROM generate_series(1, %s) AS n", [2 * CHUNK + 7]
        )  # fmt: skip

    def work() -> None:
        while Pending.objects.exists():
            append_batch(limit=50)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    records = list(Record.objects.order_by("index"))
    assert [it.what for it in records] == [str(n) for n in range(1, 2 * CHUNK + 8)]
    frontier = Frontier()
    chunks = [frontier.append(bytes(it.leaf)) for it in records]
    assert Head.objects.get().load().root() == frontier.root()
    kept = Chunk.objects.order_by("index").values_list("hash", flat=True)
    assert [bytes(it) for it in kept] == [chunk for chunk in chunks if chunk]


def test_an_appender_that_saw_an_older_head_appends_nothing() -> None:
    record("a")
    stale = pytest.raises(Exception, match="head of the audit log is not at 0")
    with stale, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT audit.append(0, '[]', '[]', '', '{}')")
    assert Head.objects.get().size == 1


def append(records: list[dict[str, object]], done: list[int]) -> None:
    """As an application that was taken over calls it, past the appender."""
    head = Head.objects.get()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit.append(%s, %s, '[]', %s, %s)",
            [head.size, json.dumps(records), bytes(head.frontier), done],
        )


def made(**others: object) -> dict[str, object]:
    """A record that is right but for its place in the tree."""
    row = Pending.objects.get()
    values = appending._values_of(json.dumps(row.noted), row.noted_at)
    return {**appending._extend(Head.objects.get().load(), [], values), "note": row.id, **others}


def test_a_change_that_waits_cannot_be_dropped_without_its_record() -> None:
    with transaction.atomic():
        note_all(
            [{"source": "row", "what": "t.update", "before": {"n": 1.50}, "after": {"n": "é"}}]
        )
    (waiting,) = Pending.objects.values_list("id", flat=True)
    wrong: list[list[dict[str, object]]] = [
        [], [made(note=waiting + 1)], [made(note=None)], [made(after='{"n":"e"}')],
        [made(before='{"n":1.6}')], [made(before=None)], [made(what="t.insert")],
        [made(actor="user:x")], [made(subject=str(uuid7()))], [made(at="2020-01-01T00:00:00Z")],
        [made(), made(note=waiting + 1)],
    ]  # fmt: skip
    for records in wrong:
        with pytest.raises(DatabaseError, match="no record that tells it"):
            append(records, [waiting])
    with pytest.raises(DatabaseError, match="no record that tells it"):
        append([made()], [])  # told, and left to be told again
    assert (Head.objects.get().size, Pending.objects.count()) == (0, 1)
    append_pending()
    assert Record.objects.get().before == '{"n":"1.5"}'


def test_only_a_note_of_an_event_that_has_its_record_is_passed_over() -> None:
    event = str(uuid7())
    record("known", event=event)
    for note in ({"source": "row", "event": event}, {"source": "event", "event": str(uuid7())}):
        with transaction.atomic():
            note_all([{"what": "again", **note}])
        with pytest.raises(DatabaseError, match="no record that tells it"):
            append([], list(Pending.objects.values_list("id", flat=True)))
        assert append_pending() == 1
    assert Record.objects.filter(what="again").count() == 2
    with transaction.atomic():
        note_all([{"source": "event", "what": "again", "event": event}])
    append([], list(Pending.objects.values_list("id", flat=True)))
    assert not Pending.objects.exists()


def test_killed_at_random_it_ends_with_the_same_records_as_undisturbed(settings: Settings) -> None:
    """The group and the appender, in the process that `Procfile` runs."""
    plan, deadline = random.Random(), time.monotonic() + PATIENCE
    for life in range(2):
        process = spawn(
            [sys.executable, "manage.py", "audit", "run"], cwd=settings.BASE_DIR, env=environment()
        )
        try:
            before = Record.objects.count()
            for number in range(80):
                activate(UUID(int=plan.randrange(1, 4)), f"badge-{life}-{number}")
                if number % 20 == 0:
                    number_pending()
            number_pending()
            while Record.objects.count() < before + 10 and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(plan.random() * 0.05)
            process.send_signal(signal.SIGKILL)
        finally:
            stop(process)
    process = spawn(
        [sys.executable, "manage.py", "audit", "run"], cwd=settings.BASE_DIR, env=environment()
    )
    try:
        while (content() != told() or Pending.objects.exists()) and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        stop(process)
    assert content() == told()
    replay_in_place(group=AUDIT, selection=Selection())
    append_pending()
    assert content() == told()
    assert Checkpoint.objects.exists()
    assert ChainTransaction.objects.count() == 0


def environment() -> dict[str, str]:
    database = connection.settings_dict
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{database['NAME']}"
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DATABASE_DIRECT_URL": url,
        "AUDIT_CHECKPOINT_SECONDS": "0",
    }


def test_a_note_whose_ids_are_spelled_another_way_or_are_none_is_recorded_and_verifies(
    tmp_path: Path,
) -> None:
    person, event = uuid7(), uuid7()
    record("loud", subject=str(person).upper(), event=event.hex)
    record("again", event=str(event))  # the same event: only dropped
    record("nobody", subject="ann")
    found = Record.objects.values_list("what", "subject", "event").order_by("index")
    assert list(found) == [("loud", person, event), ("nobody", None, None)]
    verify(tmp_path, bundle())


def test_a_hundred_records_verify_after_all_that(tmp_path: Path) -> None:
    record(*[str(uuid7()) for _ in range(CHUNK + 44)])
    assert verify(tmp_path, bundle()).size == CHUNK + 45
