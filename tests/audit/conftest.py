"""The log begins empty: it lies in a schema of its own, which no flush of the tests reaches."""

import pytest
from django.db import connection

from tests.nft.conftest import localnet, tiers, user, world  # noqa: F401 - fixtures


@pytest.fixture
def log(db: None) -> None:
    """Nothing recorded, nothing pending. The tests' role is a superuser, so it may."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE audit.pending, audit.record, audit.chunk, audit.checkpoint;"
            "UPDATE audit.head SET size = 0, frontier = ''"
        )
