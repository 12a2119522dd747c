"""The read model built anew beside the live one, compared with it, and put in its place.

The shadow is a schema of its own with the same tables. While it is filled, it comes first in the
transaction's search path, so that the very same code writes there.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import OperationalError, connection, models, transaction

from analytics.models import READ_MODELS, Comparison
from analytics.services.board_cache import next_edition
from analytics.services.recording import record_events
from core.errors import Conflict
from events.models import Event

SHADOW = "analytics_shadow"
TRIES = 75  # of 200 ms
DIGEST = """
SELECT count(*), coalesce(sum(hashtextextended(row_text, 0)::numeric), 0)::text || ':' ||
    coalesce(sum(hashtextextended(row_text, 1)::numeric), 0)::text
FROM (SELECT ROW({columns})::text AS row_text FROM {table}) AS rows
"""


@dataclass(frozen=True)
class Digest:
    """The rows of a table as a number that does not depend on their order."""

    rows: int
    digest: str


def prepare() -> None:
    """Empty tables, with the names that migrations give to keys and indexes."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SHADOW} CASCADE")
        cursor.execute(f"CREATE SCHEMA {SHADOW}")
    with in_shadow(), connection.schema_editor(atomic=False) as editor:
        for model in READ_MODELS:
            editor.create_model(model)


def fill(events: Sequence[Event]) -> None:
    with in_shadow():
        record_events(events=events, tell_boards=False)


def swap() -> None:
    """The replay holds the group: both models know the same events. What differed is recorded.

    Raises Conflict when somebody else uses the tables for long.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        live = cursor.fetchone()[0]
    _stop_writers()
    compare(keep=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', '15s', true)")  # dashboards end sooner
        cursor.execute(f"DROP TABLE {_tables()}")
        for model in READ_MODELS:
            cursor.execute(f"ALTER TABLE {SHADOW}.{model._meta.db_table} SET SCHEMA {live}")
        cursor.execute(f"DROP SCHEMA {SHADOW}")
    next_edition()


def _stop_writers() -> None:
    """A reader in the middle of a batch holds the tables, and waits in the end for the group's row.

    We hold that, so we must not wait for the tables: it gives up after a while, and then we get
    them. Whoever comes later waits for us, and writes to the new ones.
    """
    for _ in range(TRIES):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', '200ms', true)")
                cursor.execute(f"LOCK TABLE {_tables()} IN EXCLUSIVE MODE")
                return
        except OperationalError:
            continue
    raise Conflict("READ_MODEL_BUSY", "Somebody works with the figures all the time; try again.")


def _tables() -> str:
    return ", ".join(model._meta.db_table for model in READ_MODELS)


def compare(*, keep: bool = False) -> list[Comparison]:
    """Every table, live and shadow; `keep` writes it down for the admin."""
    live = digests()
    with in_shadow():
        built = digests()
    found = [
        Comparison(
            table=table,
            live_rows=live[table].rows,
            live_digest=live[table].digest,
            built_rows=built[table].rows,
            built_digest=built[table].digest,
        )
        for table in live
    ]
    return Comparison.objects.bulk_create(found) if keep else found


def shadow_exists() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [SHADOW])
        return bool(cursor.fetchone()[0])


def digests() -> dict[str, Digest]:
    """By table. What makes two read models equal."""
    return {model._meta.db_table: _digest(model) for model in READ_MODELS}


def _digest(model: type[models.Model]) -> Digest:
    told = [
        field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)
    ]
    columns = ", ".join(str(field.column) for field in told)  # ids come by chance
    with connection.cursor() as cursor:
        cursor.execute(DIGEST.format(columns=columns, table=model._meta.db_table))
        return Digest(*cursor.fetchone())


@contextmanager
def in_shadow() -> Iterator[None]:
    """The shadow's tables in the place of the live ones, in the current transaction.

    After an error nothing needs to be put back: the setting ends with the transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path')")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('search_path', %s, true)", [f"{SHADOW}, {before}"])
        yield
        cursor.execute("SELECT set_config('search_path', %s, true)", [before])
