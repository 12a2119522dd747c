"""The content of tables as a hash: equal for equal rows, in whatever order they lie."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection, models

from analytics.models import READ_MODELS
from audit.leaves import FIELDS
from audit.models import ChainTransaction
from notifications.models import Notification

DIGEST = """
SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(line, '' ORDER BY line), ''), 'UTF8')), 'hex')
FROM (SELECT md5(ROW({columns})::text) AS line FROM {table} WHERE {condition}) AS lines
"""


@dataclass(frozen=True)
class Digest:
    rows: int
    sha256: str


def analytics_digests(*, schema: str = "public") -> dict[str, Digest]:
    """Every column but ids that a sequence counts."""
    return {model._meta.db_table: _analytics_digest(model, schema) for model in READ_MODELS}


def _analytics_digest(model: type[models.Model], schema: str) -> Digest:
    counted = {"id"} if isinstance(model._meta.pk, models.AutoField) else set()
    return _digest(f"{schema}.{model._meta.db_table}", _columns(model, without=counted))


def notifications_digest() -> Digest:
    """Without the row's own id, which is drawn, and when it was read."""
    columns = _columns(Notification, without={"id", "read_at"})
    return _digest(Notification._meta.db_table, columns)


def audit_digests() -> dict[str, Digest]:
    """The fields that a leaf commits to; not places, salts and what follows from them.

    That somebody read the log is no part of what is replayed. Of a transfer, giver and taker are
    told, some microseconds apart: whoever's event comes first on Kafka gives the time.
    """
    columns = _columns(ChainTransaction, without={"id"})
    columns[columns.index("at")] = "CASE WHEN purpose <> 'transfer' THEN at END"
    return {
        "audit.record": _digest("audit.record", FIELDS, "source IN ('row', 'event')"),
        "audit_chaintransaction": _digest("audit_chaintransaction", columns),
    }


def _columns(model: type[models.Model], *, without: Collection[str]) -> list[str]:
    fields = model._meta.concrete_fields
    return [str(field.column) for field in fields if field.name not in without]


def _digest(table: str, columns: Sequence[str], condition: str = "true") -> Digest:
    with connection.cursor() as cursor:
        cursor.execute(DIGEST.format(columns=", ".join(columns), table=table, condition=condition))
        return Digest(*cursor.fetchone())
