"""Putting the audit's schema and triggers into the database, and taking them out: for migrations."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg.errors import InsufficientPrivilege

from audit.sql import APPLICATION, FUNCTIONS, GRANTS, MAKE_ROLE, OWNER, STATEMENTS
from audit.tables import AUDITED, Audited

# What is watched of a table, and the rows that each of them shows to its trigger.
SEEN = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
    "truncate": "",
}
EVENTS = tuple(SEEN)

NEEDED = f"""The audit log needs an owner whom the application cannot become, and the role that
migrates may not make it: {{reason}}
Let an administrator of the server run, and migrate again:

    CREATE ROLE {OWNER} NOLOGIN;
    CREATE ROLE {APPLICATION} NOLOGIN;
    GRANT {OWNER}, {APPLICATION} TO "{{role}}";
    GRANT CREATE ON DATABASE "{{database}}" TO "{{role}}";

and afterwards:

    REVOKE {OWNER} FROM "{{role}}";
"""
NEEDED_AGAIN = f"""The functions of the audit log belong to {OWNER}, and the role that migrates
may not replace them: {{reason}}
Let an administrator of the server run, and migrate again:

    GRANT {OWNER} TO "{{role}}";

and afterwards:

    REVOKE {OWNER} FROM "{{role}}";
"""


def install(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Raises CommandError, with what an administrator has to run, when the role may not."""
    create = f"CREATE SCHEMA audit AUTHORIZATION {OWNER}"
    _run_as_owner(schema_editor, create, statements=STATEMENTS, needed=NEEDED)


def replace_functions(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """For the migration after which `audit.sql` has other functions. Raises as `install`."""
    _run_as_owner(schema_editor, statements=(*FUNCTIONS, GRANTS), needed=NEEDED_AGAIN)


def _run_as_owner(
    schema_editor: BaseDatabaseSchemaEditor,
    *before: str,
    statements: Sequence[str],
    needed: str,
) -> None:
    """`before` is run as oneself. The triggers follow, because they name the functions."""
    cursor = schema_editor.connection.cursor()
    cursor.execute("SELECT current_user, current_database()")
    role, database = cursor.fetchone()
    try:
        was_granted = _make_roles(cursor, role)
        for statement in before:
            cursor.execute(statement)
        cursor.execute(f"SET ROLE {OWNER}")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("RESET ROLE")
    except Exception as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        reason = str(error).splitlines()[0]
        raise CommandError(needed.format(reason=reason, role=role, database=database)) from None
    add_triggers(schema_editor)
    if was_granted:
        _give_up_ownership(cursor, role)


def _make_roles(cursor: Any, role: str) -> bool:
    """Whether the owner's rights were granted here, so that they can be given up again."""
    granted = set()
    for name in (OWNER, APPLICATION):
        cursor.execute(MAKE_ROLE.format(role=name))
        cursor.execute("SELECT pg_has_role(%s, %s, 'USAGE')", [role, name])
        if cursor.fetchone() != (True,):
            cursor.execute(f'GRANT {name} TO "{role}"')
            granted.add(name)
    return OWNER in granted


def _give_up_ownership(cursor: Any, role: str) -> None:
    """As far as it goes: `audit doctor` tells what an administrator has to take away."""
    cursor.execute(f'REVOKE {OWNER} FROM "{role}"')


def uninstall(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The roles stay: other databases of the server may use them."""
    cursor = schema_editor.connection.cursor()
    cursor.execute("SELECT current_user")
    (role,) = cursor.fetchone()
    was_granted = _make_roles(cursor, role)
    cursor.execute("DROP SCHEMA audit CASCADE")  # the triggers are part of it
    if was_granted:
        _give_up_ownership(cursor, role)


def watch_tables(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """For the migration that lets AUDITED have more tables or columns."""
    add_triggers(schema_editor)


def add_triggers(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """On every table of AUDITED that exists."""
    cursor = schema_editor.connection.cursor()
    for audited in AUDITED:
        cursor.execute("SELECT to_regclass(%s)", [audited.table])
        if cursor.fetchone() != (None,):
            for statement in trigger_statements(audited):
                cursor.execute(statement)


def trigger_statements(audited: Audited) -> list[str]:
    return [_trigger(audited, event) for event in EVENTS]


def _trigger(audited: Audited, event: str) -> str:
    """Once a statement and not once a row, because rows come by the thousand; with a condition
    once a row, because a statement would keep all its rows for a trigger that is not called."""
    table, rows = f'"{audited.table}"', f"REFERENCING {SEEN[event]}" if SEEN[event] else ""
    each, function = f"{rows} FOR EACH STATEMENT", "note_rows"
    if condition := _condition(audited, event):
        each, function = f"FOR EACH ROW WHEN ({condition})", "note_row"
    return (
        f"CREATE OR REPLACE TRIGGER {trigger_name(event)} AFTER {event.upper()} ON {table}"
        f" {each} EXECUTE FUNCTION audit.{function}({audited.arguments})"
    )


def _condition(audited: Audited, event: str) -> str:
    """Evaluated without calling a function. An update that changes nothing recorded is none."""
    if event == "update" and audited.update_if:
        old, new = (
            ", ".join(f"{row}.{name}" for name in (*audited.columns, *audited.hidden))
            for row in ("OLD", "NEW")
        )
        return f"{audited.update_if} AND ({old}) IS DISTINCT FROM ({new})"
    return audited.insert_if if event == "insert" else ""


def trigger_name(event: str) -> str:
    return f"audit_{event}"
