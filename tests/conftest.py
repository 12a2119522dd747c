"""How tests use their servers: patiently, and leaving the database as they found it.

After a test that committed Django truncates every table and makes the permissions anew, which
takes half a second, and what the migrations wrote is gone for every later test. Here rows are
deleted, and theirs put back.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker

from tests.copying import copy_in, copy_out
from tests.patience import PATIENCE

WITHOUT_TRIGGERS = "SET LOCAL session_replication_role = replica"
LIMIT = re.compile(r"set_config\('(\w+_timeout)'")


def pytest_configure() -> None:
    # A password that is safe to keep takes half a second to hash.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # What waits for a server in this process waits long; servers under test keep their limits.
    settings.DATABASES["default"]["OPTIONS"] |= {"connect_timeout": int(PATIENCE), "options": ""}
    settings.REDIS_TIMEOUT_SECONDS = PATIENCE
    cache: Any = settings.CACHES["default"]
    for name in ("socket_timeout", "socket_connect_timeout"):
        cache["OPTIONS"][name] = settings.CELERY_BROKER_TRANSPORT_OPTIONS[name] = PATIENCE


@pytest.fixture(autouse=True)
def _no_limit_outlives_its_work() -> Iterator[None]:
    with connection.execute_wrapper(_without_limits):
        yield


def _without_limits(execute: Callable[..., Any], sql: Any, *rest: Any) -> Any:
    """In a test's own transaction, which goes on after the one that is limited would have ended."""
    outermost = next(iter(connection.atomic_blocks), None)
    if isinstance(sql, str) and outermost and outermost._from_testcase:  # type: ignore[attr-defined]
        sql = LIMIT.sub(r"set_config('test.\1'", sql)
    return execute(sql, *rest)


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Callable[[], None]]:
    """Its value puts the database back, for whoever commits outside of a test."""
    with django_db_blocker.unblock():
        tables = connection.introspection.django_table_names(
            only_existing=True, include_views=False
        )
        first = copy_out(tables)

    def restore() -> None:
        if not tables:
            return
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WITHOUT_TRIGGERS)
            cursor.execute(";".join(f'DELETE FROM "{table}"' for table in tables))  # noqa: S608
            copy_in(first)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: restore())
        yield restore
