"""Is the proof of `make faults` worth anything? It must report code that breaks the promise."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from events.consumer import Batch, Consumer
from events.groups import ConsumerGroup
from events.kafka.bridge import Bridge
from events.models import Event, Lease
from tests.faults.chaos.evidence import (
    EVENT_LOG,
    expected_in,
    read_effects,
    read_log,
    read_topics,
)
from tests.faults.chaos.groups import leave_effects
from tests.faults.chaos.preparing import make_effects_table
from tests.faults.chaos.verdict import Comparison, compare
from tests.kafka.parts import ANN, bridged, new_bridge, turn_until, written

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _effects_table() -> Iterator[None]:
    make_effects_table()
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE faults_effect")


def effects_of(group: str) -> Comparison:
    with psycopg.connect(settings.DATABASE_DIRECT_URL) as session:
        expected = expected_in(EVENT_LOG, read_log(session))
        return compare(group, expected, read_effects(session, group), may_repeat=False)


@pytest.mark.usefixtures("_effects_table")
@pytest.mark.parametrize(("records", "breaches"), [(True, []), (False, ["notes: 2 repeated"])])
def test_a_reader_that_does_not_record_what_it_handled_is_found(
    records: bool, breaches: list[str]
) -> None:
    """It dies with its effects made and its cursor not moved."""

    def die(execute: Callable[..., object], sql: str, *others: object) -> object:
        if sql.startswith('UPDATE "events_consumergroup" SET "position"'):
            raise SystemExit("killed")
        return execute(sql, *others)

    group = ConsumerGroup("notes", leave_effects("notes"), transactional=records)
    written("a", "b")
    killed = Consumer(group)
    with pytest.raises(SystemExit), connection.execute_wrapper(die):
        killed.step()
    killed.release()
    written("c")
    turn_until(lambda: effects_of("notes").missing == 0, Consumer(group))
    assert effects_of("notes").breaches == breaches


class Hasty(Consumer):
    """Moves its cursor before it sends."""

    def _hand_over(self, lease: Lease, batch: Batch) -> Lease:
        moved = self._move(lease, batch.end)
        self._group.handle(batch.events)
        return moved


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("kind", "breaches"), [(Consumer, []), (Hasty, [f"{EVENT_LOG}: 2 missing"])]
)
def test_a_bridge_that_moves_its_cursor_before_kafka_commits_is_found(
    topics: None, kind: type[Consumer], breaches: list[str]
) -> None:
    bridge = Bridge()

    def die(_events: list[Event]) -> None:
        raise SystemExit("killed")

    written("a", "b")
    killed = kind(ConsumerGroup("kafka", die, transactional=False, on_lead=bridge.lead))
    with pytest.raises(SystemExit):
        killed.step()
    killed.release()
    written("c", user=ANN)
    bridged(new_bridge())
    assert messages_in_the_log_topic().breaches == breaches


def messages_in_the_log_topic() -> Comparison:
    with psycopg.connect(settings.DATABASE_DIRECT_URL) as session:
        expected = expected_in(EVENT_LOG, read_log(session))
    read = read_topics(settings.KAFKA_BOOTSTRAP_SERVERS, [EVENT_LOG], prefix=settings.KAFKA_PREFIX)
    return compare(EVENT_LOG, expected, read[EVENT_LOG], may_repeat=True)
