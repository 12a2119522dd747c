"""What happened to the watched rows, told by triggers of the proof's own, and the audit's notes kept.

Row by row, and without any of the audit's functions. The notes of rows are the one thing that no
replay brings back: they are kept, so that a second log can be filled with them in calm.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from audit.tables import AUDITED, Audited

TABLES = """
CREATE SCHEMA faults;
CREATE TABLE faults.change (what text NOT NULL, object text NOT NULL);
CREATE TABLE faults.note (noted_at timestamptz NOT NULL, noted jsonb NOT NULL);
CREATE FUNCTION faults.see() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    columns text[] := TG_ARGV[1]::text[];
    old jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    IF TG_OP <> 'UPDATE' OR EXISTS (
        SELECT FROM unnest(columns) AS c WHERE old ->> c IS DISTINCT FROM new ->> c
    ) THEN
        INSERT INTO faults.change VALUES (
            TG_TABLE_NAME || '.' || lower(TG_OP),
            TG_TABLE_NAME || ':' || (coalesce(new, old) ->> TG_ARGV[0])
        );
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION faults.keep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO faults.note VALUES (NEW.noted_at, NEW.noted);
    RETURN NULL;
END $$;
CREATE TRIGGER faults_keep AFTER INSERT ON audit.pending FOR EACH ROW
    WHEN (NEW.noted ->> 'source' = 'row') EXECUTE FUNCTION faults.keep();
"""
SEE = """
CREATE TRIGGER faults_see AFTER INSERT OR UPDATE OR DELETE ON "{table}" FOR EACH ROW
EXECUTE FUNCTION faults.see('{key}', '{{{columns}}}')
"""
EMPTY = """
TRUNCATE audit.pending, audit.record, audit.chunk, audit.checkpoint, audit_chaintransaction;
UPDATE audit.head SET size = 0, frontier = '';
"""
REFILL = """
ALTER TABLE audit.pending DISABLE TRIGGER faults_keep;
INSERT INTO audit.pending (noted_at, noted) SELECT noted_at, noted FROM faults.note;
ALTER TABLE audit.pending ENABLE TRIGGER faults_keep;
"""


@contextmanager
def witnessed() -> Iterator[None]:
    """From here on every change is seen. The role must be a superuser, as the proof's is."""
    _run("DROP SCHEMA IF EXISTS faults CASCADE", EMPTY, TABLES, *map(_see, _seen()))
    try:
        yield
    finally:
        _run("DROP SCHEMA faults CASCADE", EMPTY)


def _seen() -> list[Audited]:
    """Where only some rows are recorded, those are none of this proof's."""
    return [audited for audited in AUDITED if not audited.insert_if]


def _see(audited: Audited) -> str:
    columns = ",".join((*audited.columns, *audited.hidden))
    return SEE.format(table=audited.table, key=audited.key, columns=columns)


def changes_seen() -> Counter[tuple[str, str]]:
    return _count("SELECT what, object FROM faults.change")


def changes_recorded() -> Counter[tuple[str, str]]:
    return _count("SELECT what, object FROM audit.record WHERE source = 'row'")


def begin_audit_anew() -> None:
    """An empty log, for which the notes of rows wait again."""
    _run(EMPTY, REFILL)


def empty_notifications() -> None:
    _run("TRUNCATE notifications_notification CASCADE")


def _count(statement: str) -> Counter[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return Counter(cursor.fetchall())


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
