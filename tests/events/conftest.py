"""What the tests of the log share."""

import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo


@pytest.fixture(autouse=True)
def _listen_to_the_test_database(monkeypatch: pytest.MonkeyPatch) -> None:
    name = str(connection.settings_dict["NAME"])
    monkeypatch.setattr(
        settings, "DATABASE_DIRECT_URL", make_conninfo(settings.DATABASE_DIRECT_URL, dbname=name)
    )
