"""The read model built anew. What could go wrong, and is asked here:

events that come during the rebuild are missing after it, or count twice; a reader that works in
the moment of the swap writes to what is thrown away; keys and indexes are lost with it; Redis
goes on showing the old one; what differed is nowhere to be seen.
"""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from analytics.handlers import ANALYTICS, count
from analytics.models import READ_MODELS, Comparison, Daily, Fact, Standing
from analytics.services.board_cache import find_place
from analytics.services.boards import running_boards
from analytics.services.keeping import keep_boards
from analytics.services.rebuilding import SHADOW
from events.consumer import Consumer, Turn
from events.models import Event
from events.replay import replay_in_place, replay_into_shadow
from events.selection import Selection
from tests.analytics.facts import ANN, BOB, lives, told, traded
from tests.events.notebooks import in_thread
from tests.events.programs import wait_until
from tests.events.test_dead_letters import settle
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_shadow() -> None:
    """A test before may have left one."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SHADOW} CASCADE")


def rebuild() -> int:
    return replay_into_shadow(group=ANALYTICS, selection=Selection(), swap=True)


def compared() -> str:
    """What a whole replay makes of the log, beside what is live."""
    out = StringIO()
    call_command("replay", "--group", "analytics", "--into", "shadow", stdout=out)
    call_command("analytics", "compare", stdout=out)
    return out.getvalue()


def somebody_waits_for(model: type[Model]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass",
            [model._meta.db_table],
        )
        return cursor.fetchone() is not None


def ruin() -> None:
    Standing.objects.update(points=1)
    Daily.objects.all().delete()


def names_in_the_catalogue() -> list[str]:
    tables = [model._meta.db_table for model in READ_MODELS]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'index ' || indexdef FROM pg_indexes"
            " WHERE schemaname = 'public' AND tablename = ANY(%s) UNION ALL"
            " SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid::regclass::text = ANY(%s) ORDER BY 1",
            [tables, tables],
        )
        return [name for (name,) in cursor.fetchall()]


def test_a_ruined_model_is_rebuilt_while_events_come() -> None:
    """The live reader works between the shadow's batches, and in the moment of the swap."""
    lives()
    group = replace(ANALYTICS, batch_size=20)
    settle(group)
    ruin()
    names, keys = names_in_the_catalogue(), running_boards(timezone.now())
    keep_boards(now=timezone.now())
    reader, volumes = Consumer(group), iter([("0", "7"), ("7", "12")])

    def work(before: str, after: str) -> None:
        told(traded(BOB, before, after))
        assert reader.step() is Turn.WORKED

    def meanwhile(execute, sql, *rest):
        result = execute(sql, *rest)
        if sql.startswith('UPDATE "events_consumergroup" SET "position"'):
            for volume in volumes:
                in_thread(partial(work, *volume))
                break
        return result

    with connection.execute_wrapper(meanwhile):
        replay_into_shadow(group=group, selection=Selection(), swap=True)
    reader.release()
    settle(group)
    assert Fact.objects.count() == Event.objects.count()
    assert "The same." in compared()
    assert names_in_the_catalogue() == names
    different = {made.table for made in Comparison.objects.all() if not made.is_same}
    assert different == {"analytics_standing", "analytics_daily"}
    assert find_place(keys[0], user_id=ANN, around=0) is None, "Redis still has the ruined one"


LONG = timedelta(seconds=2 * PATIENCE)  # the rebuilding comes by before the reader is ended


def test_a_reader_in_the_middle_of_a_batch_does_not_write_to_what_is_thrown_away() -> None:
    lives()
    settle(ANALYTICS)
    told(traded(BOB, "0", "7"))
    rebuilding = threading.Thread(target=lambda: in_thread(rebuild))

    def count_and_be_overtaken(events: list[Event]) -> None:
        count(events)
        rebuilding.start()
        wait_until(lambda: somebody_waits_for(Fact))

    slow = replace(ANALYTICS, handle=count_and_be_overtaken)
    with suppress(OperationalError):  # it lost its lease, or gave up the wait for its row
        assert Consumer(slow, lease_for=LONG).step() is Turn.STANDBY
    rebuilding.join(PATIENCE)
    assert Comparison.objects.exists(), "the swap was given up instead"
    settle(ANALYTICS)
    assert Fact.objects.count() == Event.objects.count()
    assert "The same." in compared()


def test_while_the_models_are_compared_nobody_writes_and_everybody_reads() -> None:
    lives()
    settle(ANALYTICS)
    late = told(traded(BOB, "0", "7"))
    seen: list[str | int] = []

    def look() -> None:
        seen.append(Fact.objects.count())
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
                count(late)
        except OperationalError:
            seen.append("waits")

    def meanwhile(execute, sql, *rest):
        if sql.startswith('INSERT INTO "analytics_comparison"'):
            in_thread(look)
        return execute(sql, *rest)

    with connection.execute_wrapper(meanwhile):
        rebuild()
    assert seen == [Event.objects.count() - 1, "waits"]
    settle(ANALYTICS)
    assert "The same." in compared()


def test_a_replay_in_place_counts_only_what_is_missing() -> None:
    lives()
    settle(ANALYTICS)
    assert replay_in_place(group=ANALYTICS, selection=Selection()) == Event.objects.count()
    assert "The same." in compared()


def test_a_difference_is_told() -> None:
    lives()
    settle(ANALYTICS)
    with pytest.raises(CommandError, match="There is no shadow"):
        call_command("analytics", "compare")
    ruin()
    with pytest.raises(CommandError, match="Different"):
        compared()
    told(traded(BOB, "0", "7"))
    settle(ANALYTICS)
    with pytest.raises(CommandError, match="Not at the same event"):
        call_command("analytics", "compare", stdout=StringIO())
