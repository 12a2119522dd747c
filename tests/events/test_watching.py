"""What an operator sees of the groups: `consume --status`, metrics, health."""

import json
import re
import signal
from datetime import timedelta
from io import StringIO
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest

from events.consumer import Consumer
from events.groups import ConsumerGroup, register
from events.models import DeadLetter, Event, GroupCursor
from events.sequencer import number_pending
from events.status import GroupCollector, group_statuses
from events.watch import STUCK_SECONDS, watched
from tests.events.facts import activate
from tests.events.programs import running, wait_for, wait_until
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

ANN = UUID(int=1)


def handle(_events: list[Event]) -> None:
    """Nothing to do."""


@pytest.fixture
def group() -> ConsumerGroup:
    watched_group = ConsumerGroup("watched", handle, transactional=True)
    register(watched_group)
    return watched_group


def scrape(port: int, path: str = "/metrics") -> str:
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
        text: str = answer.read().decode()
        return text


def test_lag_is_counted_in_events_and_in_seconds(group: ConsumerGroup) -> None:
    for badge in ("a", "b", "c"):
        activate(ANN, badge)
    number_pending()
    GroupCursor.objects.create(name="watched", position=1)
    second = Event.objects.after_position(1)[0]
    now = second.created_at + timedelta(seconds=90)
    [status] = group_statuses(names=["watched"], now=now)
    assert (status.position, status.lag, status.lag_seconds) == (1, 2, 90.0)
    Consumer(group).step()
    [status] = group_statuses(names=["watched"], now=now)
    assert (status.lag, status.lag_seconds, status.is_led(timezone.now())) == (0, 0.0, True)


def test_a_group_that_never_ran_has_everything_before_it() -> None:
    activate(ANN)
    number_pending()
    [status] = group_statuses(names=["never"], now=timezone.now())
    assert (status.position, status.lag, status.owner, status.stop_reason) == (0, 1, "", None)
    assert not status.is_led(timezone.now())


def test_the_status_names_owner_lag_lease_and_dead_letters(group: ConsumerGroup) -> None:
    activate(ANN)
    number_pending()
    Consumer(group).step()
    activate(ANN)
    DeadLetter.objects.bury("watched", Event.objects.after_position(0)[0], error="e")
    row = GroupCursor.objects.get()
    out = StringIO()
    call_command("consume", "watched", "--status", stdout=out)
    assert "Waiting for the sequencer: 1 events" in out.getvalue()
    assert re.search(rf"watched +1 +0 +0\.0 +1 .*{re.escape(row.owner)}", out.getvalue())
    out = StringIO()
    call_command("consume", "--status", "--json", stdout=out)
    told = {entry["name"]: entry for entry in json.loads(out.getvalue())}
    assert told["watched"]["deadLetters"] == 1
    assert told["watched"]["owner"] == row.owner
    assert "realtime" in told


def test_a_stopped_group_says_why() -> None:
    register(ConsumerGroup("watched", handle, transactional=True))
    GroupCursor.objects.create(name="watched", stopped_at=timezone.now(), stop_reason="too many")
    out = StringIO()
    call_command("consume", "watched", "--status", stdout=out)
    assert "STOPPED: too many" in out.getvalue()


def test_without_a_group_there_is_nothing_to_run() -> None:
    with pytest.raises(CommandError, match="Which groups"):
        call_command("consume")


def test_a_process_serves_metrics_and_health_and_stops_in_time(tmp_path: Path) -> None:
    log = tmp_path / "log"
    activate(ANN)
    with running("consume", "printer", "--with-sequencer", "--metrics-port", "0", log=log) as it:
        wait_for("/metrics", log)
        found = re.search(r"http://127\.0\.0\.1:(\d+)/metrics", log.read_text())
        assert found is not None
        port = int(found[1])
        wait_until(lambda: 'aiw3_consumer_events_total{group="printer"} 1.0' in scrape(port))
        text = scrape(port)
        for sample in (
            'aiw3_consumer_lag_events{group="printer"} 0.0',
            'aiw3_consumer_lag_seconds{group="printer"} 0.0',
            'aiw3_consumer_led{group="printer"} 1.0',
            'aiw3_consumer_batch_events_count{group="printer"} 1.0',
            "aiw3_log_head_position 1.0",
            "aiw3_log_up 1.0",
        ):
            assert sample in text
        assert json.loads(scrape(port, "/healthz")) == {"status": "ok", "groups": []}
        with pytest.raises(HTTPError, match="404"):
            scrape(port, "/secrets")
        it.send_signal(signal.SIGTERM)
        assert it.wait(PATIENCE) == 0


def test_a_loop_that_hangs_is_unhealthy(group: ConsumerGroup) -> None:
    consumer = Consumer(group)
    with watched({"watched": consumer}, host="127.0.0.1", port=0) as server:
        assert server is not None
        consumer.turned_at -= STUCK_SECONDS + 1
        with pytest.raises(HTTPError, match="503") as refused:
            scrape(server.server_port, "/healthz")
        assert json.loads(refused.value.read())["groups"] == ["watched"]
        refused.value.close()


def test_only_groups_have_a_place_in_the_log(group: ConsumerGroup) -> None:
    """A topic that others write has none, and would seem to lag for ever."""
    readers = {"watched": Consumer(group), "trades-inbound": Consumer(group)}
    with watched(readers, host="127.0.0.1", port=0) as server:
        assert server is not None
        text = scrape(server.server_port)
        assert 'aiw3_consumer_lag_events{group="watched"}' in text
        assert 'aiw3_consumer_lag_events{group="trades-inbound"}' not in text
        assert 'aiw3_consumer_dead_letters{group="trades-inbound"}' in text
        readers["trades-inbound"].turned_at -= STUCK_SECONDS + 1
        assert server.stuck() == ["trades-inbound"]


def test_without_a_database_the_metrics_say_so() -> None:
    registry = CollectorRegistry()
    registry.register(GroupCollector(["watched"]))

    def away(*_: object) -> object:
        raise OperationalError("away")

    with connection.execute_wrapper(away):
        text = generate_latest(registry).decode()
    assert "aiw3_log_up 0.0" in text
    assert "lag" not in text
