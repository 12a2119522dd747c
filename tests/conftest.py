"""The database after a test that committed: as the migrations left it.

Django truncates every table and makes the permissions anew, which takes half a second, and what
the migrations wrote is gone for every later test. Here rows are deleted, and theirs put back.
"""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker

from tests.copying import copy_in, copy_out

WITHOUT_TRIGGERS = "SET LOCAL session_replication_role = replica"


def pytest_configure() -> None:
    """A password that is safe to keep takes half a second to hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        tables = connection.introspection.django_table_names(
            only_existing=True, include_views=False
        )
        first = copy_out(tables)

    def restore(_: TransactionTestCase) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WITHOUT_TRIGGERS)
            cursor.execute(";".join(f'DELETE FROM "{table}"' for table in tables))  # noqa: S608
            copy_in(first)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", restore)
        yield
