"""The database itself keeps the promise: with real roles, on a server of its own."""

import contextlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import ProgrammingError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import DuplicateObject, InsufficientPrivilege

from audit.installing import install, replace_functions, uninstall
from audit.models import Record
from audit.services.doctor import broken_promises, warnings
from demo.servers import start_postgres
from tests.audit.bundles import record
from tests.nft.conftest import make_user

FORBIDDEN = [
    f"{verb} audit.{table}{rest}"
    for table in ("record", "checkpoint", "chunk", "head")
    for verb, rest in (("UPDATE", " SET {column} = {column}"), ("DELETE FROM", ""), ("TRUNCATE", ""), ("DROP TABLE", ""))
] + [
    "INSERT INTO audit.record (index) VALUES (0)",
    "DELETE FROM audit.pending",
    "UPDATE audit.pending SET noted = '{{}}'",
    "ALTER TABLE audit.record OWNER TO CURRENT_USER",
    "ALTER TABLE audit.record DISABLE TRIGGER ALL",
    "DROP SCHEMA audit CASCADE",
    "CREATE OR REPLACE FUNCTION audit.context() RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb'",
    "SET ROLE aiw3_audit",
    "GRANT aiw3_audit TO CURRENT_USER",
]  # fmt: skip
COLUMN = {"record": "actor", "checkpoint": "note", "chunk": "hash", "head": "size"}


def forbidden() -> Iterator[str]:
    for statement in FORBIDDEN:
        table = statement.partition("audit.")[2].split(" ")[0]
        yield statement.format(column=COLUMN.get(table, ""))


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server that has never seen the roles."""
    with tempfile.TemporaryDirectory(prefix="aiw3-roles-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the database's user passes through
        postgres = start_postgres(folder / "postgres", settings=("fsync=off",))
        yield postgres.url
        postgres.stop()


class Database:
    """A database of `role`, which has no more rights than named."""

    def __init__(self, server: str, role: str, rights: str) -> None:
        self.admin = psycopg.connect(server, autocommit=True)
        self.admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x' NOSUPERUSER {rights}")
        self.admin.execute(f"CREATE DATABASE {role}_db OWNER {role}")
        self.role = role
        where = psycopg.conninfo.conninfo_to_dict(server)
        self.wrapper: BaseDatabaseWrapper = connection.copy("default")
        self.wrapper.settings_dict = {
            **connection.settings_dict, "NAME": f"{role}_db", "USER": role, "PASSWORD": "x",
            "HOST": where["host"], "PORT": where["port"],
        }  # fmt: skip

    def migrate(self, step: Any = install) -> None:
        self.wrapper.ensure_connection()
        raw = self.wrapper.connection
        # Django's own transactions know connections by their alias.
        with raw.transaction(), self.wrapper.schema_editor(atomic=False) as editor:
            step(None, editor)

    def is_forbidden(self, statement: str) -> bool:
        raw = self.wrapper.connection
        try:
            with raw.transaction():
                raw.execute(statement)
        except InsufficientPrivilege:
            return True
        return False

    def close(self) -> None:
        self.wrapper.close()
        self.admin.close()


@contextlib.contextmanager
def database(server: str, role: str, rights: str = "") -> Iterator[Database]:
    found = Database(server, role, rights)
    try:
        yield found
    finally:
        found.close()


@pytest.mark.django_db
def test_who_may_make_roles_migrates_alone_and_who_may_not_is_told_what_to_ask_for(
    server: str,
) -> None:
    with database(server, "plain") as plain:
        with pytest.raises(CommandError) as refusal:
            plain.migrate()
        with database(server, "maker", "CREATEROLE") as maker:
            maker.migrate()
            maker.migrate(replace_functions)
            maker.wrapper.ensure_connection()
            assert not maker.is_forbidden("SELECT * FROM audit.record")
            assert maker.is_forbidden("DELETE FROM audit.record")
            maker.migrate(uninstall)
            with maker.wrapper.cursor() as cursor:
                cursor.execute("SELECT to_regnamespace('audit') IS NULL")
                assert cursor.fetchone() == (True,)

        lines = [line.strip() for line in str(refusal.value).splitlines()]
        *before, after = [line for line in lines if line.endswith(";")]
        for statement in before:
            with contextlib.suppress(DuplicateObject):  # the other database's are the same roles
                plain.admin.execute(statement)
        plain.migrate()
        plain.admin.execute(after)
        with pytest.raises(CommandError, match="may not replace them") as again:
            plain.migrate(replace_functions)
        grant, revoke = [line for line in str(again.value).splitlines() if line.endswith(";")]
        plain.admin.execute(grant.encode())
        plain.migrate(replace_functions)
        plain.admin.execute(revoke.encode())
        _demand_that_the_log_is_out_of_reach(plain)


def _demand_that_the_log_is_out_of_reach(plain: Database) -> None:
    plain.wrapper.ensure_connection()
    assert [it for it in forbidden() if not plain.is_forbidden(it)] == []
    raw = plain.wrapper.connection
    raw.execute("INSERT INTO audit.pending (noted) VALUES ('{}')")
    assert raw.execute("SELECT audit.append(0, '[]', '[]', '', '{}')").fetchone() == (0,)


@pytest.mark.django_db
@pytest.mark.usefixtures("log")
def test_a_role_that_was_granted_to_runs_the_application_and_cannot_touch_the_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE audit_runner_test NOLOGIN")
        call_command("audit", "grant", "audit_runner_test", stdout=io.StringIO())
        cursor.execute("CREATE TABLE of_a_later_migration (id integer)")
        cursor.execute("SET LOCAL ROLE audit_runner_test")
        assert [*broken_promises(), *warnings()] == []
        user = make_user()
        record("a")
        assert {it.what for it in Record.objects.all()} == {"accounts_user.insert", "a"}
        user.delete()
        cursor.execute("INSERT INTO of_a_later_migration VALUES (1)")
        # The session is a superuser's, so it may set any role.
        allowed = [it for it in forbidden() if not it.startswith("SET") and may(it)]
        assert allowed == []
        assert not may("ALTER TABLE user_nfts DISABLE TRIGGER audit_insert")


def may(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        return False
    return True


@pytest.mark.django_db
@pytest.mark.usefixtures("log")
def test_the_doctor_tells_what_breaks_the_promise() -> None:
    (superuser,) = broken_promises()
    assert "a superuser" in superuser
    record("a")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE audit_doctor_test NOLOGIN CREATEROLE IN ROLE aiw3_audit")
        cursor.execute("SET LOCAL ROLE audit_doctor_test")
        told = " ".join(broken_promises())
        assert "REVOKE aiw3_audit" in told
        assert "NOCREATEROLE" in told
        cursor.execute("RESET ROLE")
        cursor.execute("ALTER ROLE audit_doctor_test NOCREATEROLE")
        cursor.execute("REVOKE aiw3_audit FROM audit_doctor_test")
        cursor.execute("GRANT aiw3_audit_app TO audit_doctor_test")
        cursor.execute("GRANT DELETE ON audit.record TO audit_doctor_test")
        cursor.execute("SET LOCAL ROLE audit_doctor_test")
        assert list(broken_promises()) == ["audit_doctor_test may change the log: record: DELETE."]
        cursor.execute("RESET ROLE")
        cursor.execute("REVOKE DELETE ON audit.record FROM audit_doctor_test")
        cursor.execute("ALTER FUNCTION audit.append OWNER TO audit_doctor_test")
        cursor.execute("ALTER FUNCTION audit.append SECURITY INVOKER")
        cursor.execute("SET LOCAL ROLE audit_doctor_test")
        foreign, older = broken_promises()
        assert "function" in foreign
        assert "Migrate" in older
        cursor.execute("RESET ROLE")
        with connection.schema_editor(atomic=False) as editor:
            cursor.execute("ALTER FUNCTION audit.append OWNER TO aiw3_audit")
            replace_functions(None, editor)
        cursor.execute("ALTER TABLE user_nfts DISABLE TRIGGER audit_insert")
        cursor.execute("SET LOCAL ROLE audit_doctor_test")
        assert list(broken_promises()) == []
        assert list(warnings()) == ["Changes of user_nfts are not recorded."]
        cursor.execute("RESET ROLE")
        cursor.execute("ALTER TABLE user_nfts ENABLE TRIGGER audit_insert")
        cursor.execute("ALTER TABLE trades DISABLE TRIGGER audit_update")
        cursor.execute("DROP TRIGGER audit_delete ON nft_tier")
        cursor.execute("SET LOCAL ROLE audit_doctor_test")
        assert list(warnings()) == [
            "Changes of trades are not recorded.", "Changes of nft_tier are not recorded.",
        ]  # fmt: skip
        cursor.execute("RESET ROLE")
        cursor.execute("REVOKE aiw3_audit_app FROM audit_doctor_test; DROP ROLE audit_doctor_test")
