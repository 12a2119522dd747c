"""Putting the audit's schema and triggers into the database, and taking them out: for migrations."""

from typing import Any

from django.core.management.base import CommandError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg.errors import InsufficientPrivilege

from audit.sql import APPLICATION, MAKE_ROLE, OWNER, STATEMENTS
from audit.tables import AUDITED, Audited

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


def install(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Raises CommandError, with what an administrator has to run, when the role may not."""
    cursor = schema_editor.connection.cursor()
    cursor.execute("SELECT current_user, current_database()")
    role, database = cursor.fetchone()
    try:
        was_granted = _make_roles(cursor, role)
        cursor.execute(f"CREATE SCHEMA audit AUTHORIZATION {OWNER}")
        cursor.execute(f"SET ROLE {OWNER}")
        for statement in STATEMENTS:
            cursor.execute(statement)
        cursor.execute("RESET ROLE")
    except Exception as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        reason = str(error).splitlines()[0]
        raise CommandError(NEEDED.format(reason=reason, role=role, database=database)) from None
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


def add_triggers(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """On every table of AUDITED that exists. To be run again by the migration that changes it."""
    cursor = schema_editor.connection.cursor()
    for audited in AUDITED:
        cursor.execute("SELECT to_regclass(%s)", [audited.table])
        if cursor.fetchone() != (None,):
            for statement in trigger_statements(audited):
                cursor.execute(statement)


def trigger_statements(audited: Audited) -> list[str]:
    """Once a statement and not once a row, because rows come by the thousand."""
    table, arguments = f'"{audited.table}"', audited.arguments
    if audited.only:
        return [
            f"CREATE OR REPLACE TRIGGER audit_insert AFTER INSERT ON {table} FOR EACH ROW"
            f" WHEN (NEW.{audited.only} IS NOT NULL) EXECUTE FUNCTION audit.note_row({arguments})"
        ]
    old, new = "OLD TABLE AS old_rows", "NEW TABLE AS new_rows"
    seen = {"insert": new, "update": f"{old} {new}", "delete": old, "truncate": ""}
    return [
        f"CREATE OR REPLACE TRIGGER audit_{event} AFTER {event.upper()} ON {table}"
        f" {f'REFERENCING {rows}' if rows else ''} FOR EACH STATEMENT"
        f" EXECUTE FUNCTION audit.note_rows({arguments})"
        for event, rows in seen.items()
    ]
