"""The commands, in processes of their own, and what an operator sees."""

import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from core.ids import uuid7
from events.groups import ConsumerGroup, group_named, group_names, register
from events.models import DeadLetter, Event, GroupCursor, ProcessedEvent
from events.notify import Listener, backoff
from events.processes import run_until_signal
from events.sequencer import number_pending
from tests.events.facts import activate
from tests.events.programs import running, wait_for
from tests.patience import PATIENCE


@pytest.mark.django_db(transaction=True)
def test_one_process_numbers_and_consumes_and_stops_within_five_seconds(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running("consume", "printer", "--with-sequencer", log=log) as process:
        activate(uuid7())
        wait_for("1\n", log)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert GroupCursor.objects.get().lease_until is None


@pytest.mark.django_db(transaction=True)
def test_a_sequencer_that_is_killed_is_replaced_by_another(tmp_path: Path) -> None:
    ann = uuid7()
    first, second = tmp_path / "first", tmp_path / "second"
    with running("sequence", log=first) as process, running("sequence", log=second) as other:
        activate(ann)
        wait_for_head(1)
        process.kill()
        process.wait(PATIENCE)
        activate(ann)
        wait_for_head(2)
        other.send_signal(signal.SIGINT)
        assert other.wait(PATIENCE) == 0
    assert [event.sequence for event in Event.objects.for_user(ann)] == [1, 2]


def wait_for_head(position: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while Event.objects.all().head_position() < position and time.monotonic() < deadline:
        time.sleep(0.05)
    assert Event.objects.all().head_position() == position


def test_a_loop_that_ends_by_itself_ends_the_process() -> None:
    other_stopped = threading.Event()

    def patient(stop: threading.Event) -> None:
        stop.wait(PATIENCE)
        other_stopped.set()

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        assert run_until_signal({"short": lambda _stop: None, "patient": patient}) is False
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    assert other_stopped.is_set()


def test_a_loop_that_hangs_does_not_delay_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.processes.STOP_SECONDS", 0.1)
    release = threading.Event()

    def hang(_stop: threading.Event) -> None:
        release.wait(PATIENCE)

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    asker = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM))
    asker.start()
    try:
        assert run_until_signal({"hanging": hang}) is True
    finally:
        release.set()
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


def test_an_unknown_group_is_named() -> None:
    with pytest.raises(CommandError, match="No group nobody"):
        call_command("consume", "nobody")


def tell(_events: Sequence[Event]) -> None:
    """Ours to register; whoever asks for the application's groups knows it by its module."""


def test_a_group_is_registered_once() -> None:
    group = ConsumerGroup("once", tell, transactional=True)
    register(group)
    register(group)
    assert group_named("once") is group
    assert "once" in group_names()
    with pytest.raises(ValueError, match="two consumer groups"):
        register(ConsumerGroup("once", tell, transactional=False))
    with pytest.raises(ValueError, match="badge_lost"):
        register(ConsumerGroup("typo", tell, transactional=True, types=frozenset({"badge_lost"})))


def test_waiting_grows_up_to_a_cap() -> None:
    assert 0.1 <= backoff(1) <= 0.2
    assert 2.5 <= backoff(1000) <= 5.0


def test_a_listener_without_a_server_sleeps_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATABASE_DIRECT_URL", "postgres://u:p@127.0.0.1:1/nothing")
    listener = Listener("nobody")
    began = time.monotonic()
    for _ in range(3):
        listener.wait(0.1)
    assert time.monotonic() - began > 0.05
    listener.close()


@pytest.mark.django_db(transaction=True)
def test_an_operator_sees_everything_and_may_resume_a_group(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", "secret"))
    event = activate(uuid7())
    number_pending()
    GroupCursor.objects.create(name="notes", stopped_at=event.created_at)
    DeadLetter.objects.bury("notes", Event.objects.get(), error="x" * 900)
    ProcessedEvent.objects.claim("notes", [event.event_id])
    for model in ("event", "groupcursor", "deadletter", "processedevent", "sequencer"):
        assert client.get(f"/admin/events/{model}/").status_code == 200
    assert client.get("/admin/events/usersequence/").status_code == 200
    assert client.get("/admin/events/event/add/").status_code == 403
    assert client.post(f"/admin/events/event/{event.pk}/delete/").status_code == 403
    sure = {"confirmed": "1", "reason": "mended"}
    chosen = {"action": "resume", "_selected_action": ["notes"]}
    client.post("/admin/events/groupcursor/", chosen | sure)
    assert GroupCursor.objects.get().stopped_at is None
