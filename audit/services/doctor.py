"""Does the database keep the promise that the application cannot change the log?"""

from collections.abc import Iterator

from django.db import connection

from audit.installing import EVENTS, trigger_name
from audit.sql import APPEND, APPLICATION, OWNER
from audit.tables import AUDITED

ROLE = """
SELECT current_user, r.rolsuper, r.rolcreaterole, pg_has_role(current_user, %(owner)s, 'MEMBER'),
    to_regrole(%(app)s) IS NOT NULL AND pg_has_role(current_user, %(app)s, 'USAGE')
FROM pg_roles AS r WHERE r.rolname = current_user
"""
OWNED = """
SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'audit' AND c.relkind = 'r'
    AND (pg_get_userbyid(c.relowner) <> %s OR pg_get_userbyid(n.nspowner) <> %s)
"""
FOREIGN_FUNCTIONS = """
SELECT count(*) FROM pg_proc
WHERE pronamespace = 'audit'::regnamespace AND pg_get_userbyid(proowner) <> %s
"""
APPENDS = """
SELECT prosrc = %s AND prosecdef FROM pg_proc
WHERE pronamespace = 'audit'::regnamespace AND proname = 'append'
"""
MAY_CHANGE = """
SELECT t.name || ': ' || p.privilege
FROM unnest(ARRAY['record', 'checkpoint', 'chunk', 'head']) AS t (name),
    unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS p (privilege)
WHERE has_table_privilege(current_user, 'audit.' || t.name, p.privilege)
"""
ENABLED = """
SELECT c.relname, t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
WHERE t.tgname = ANY (%s) AND t.tgenabled IN ('O', 'A')
"""
OWN_TABLES = """
SELECT count(*) FROM pg_class WHERE relname = ANY (%s) AND relkind = 'r'
    AND pg_get_userbyid(relowner) = current_user
"""


def broken_promises() -> Iterator[str]:
    """Sentences, each with what helps; none when all is well."""
    with connection.cursor() as cursor:
        cursor.execute(ROLE, {"owner": OWNER, "app": APPLICATION})
        role, is_super, may_create, is_owner, may_use = cursor.fetchone()
        if is_super:
            yield (
                f"The application connects as {role}, a superuser: nothing in this server can"
                " keep it from changing the log. Give it a role of its own (docs/audit.md)."
            )
            return
        if is_owner:
            yield (
                f'{role} may become {OWNER}, the log\'s owner. REVOKE {OWNER} FROM "{role}", by'
                " an administrator; grant it for the time of a migration only."
            )
        if may_create:
            yield f'{role} may make and grant roles. ALTER ROLE "{role}" NOCREATEROLE.'
        if not may_use:
            yield f'{role} cannot use the log. GRANT {APPLICATION} TO "{role}".'
        cursor.execute(OWNED, [OWNER, OWNER])
        if cursor.fetchone() != (0,):
            yield f"Not every table of the log belongs to {OWNER}."
        cursor.execute(FOREIGN_FUNCTIONS, [OWNER])
        if cursor.fetchone() != (0,):
            yield f"Not every function of the log belongs to {OWNER}."
        cursor.execute(APPENDS, [APPEND.split("$$")[1]])
        if cursor.fetchall() != [(True,)]:
            yield "audit.append is not that of this release: changes may be dropped. Migrate."
        cursor.execute(MAY_CHANGE)
        yield from (f"{role} may change the log: {what}." for (what,) in cursor.fetchall())


def warnings() -> Iterator[str]:
    """What weakens the record without breaking what is recorded already."""
    tables = [audited.table for audited in AUDITED]
    triggers = [trigger_name(event) for event in EVENTS]
    with connection.cursor() as cursor:
        cursor.execute(ENABLED, [triggers])
        seen = set(cursor.fetchall())
        yield from (
            f"Changes of {table} are not recorded."
            for table in tables
            if not {(table, trigger) for trigger in triggers} <= seen
        )
        cursor.execute(OWN_TABLES, [tables])
        (own,) = cursor.fetchone()
        if own:
            yield (
                f"The application owns {own} of the tables that are watched, so it could stop the"
                " watching. Let another role migrate (docs/audit.md)."
            )
