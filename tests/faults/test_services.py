"""The run of `make faults PART=services` in its shortest form."""

import os
import secrets
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from analytics.services.rebuilding import SHADOW
from core.redis import redis_client
from nft.services.seeding import seed_ladder
from tests.events.programs import database_url
from tests.faults.services.crew import Stand
from tests.faults.services.digests import Digest
from tests.faults.services.plan import LOG, SUITE
from tests.faults.services.report import report
from tests.faults.services.run import run
from tests.faults.services.verdict import Verdict
from tests.notifications.conftest import office
from tests.notifications.receivers import PostOffice

__all__ = ["office"]


@pytest.fixture
def stand(tmp_path: Path, office: PostOffice, settings: Any) -> Stand:
    settings.NOTIFICATION_RATES = {"email": "60000/min"}
    redis_client().flushdb()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SHADOW} CASCADE")
    own = {
        "DATABASE_URL": database_url(),
        "DATABASE_DIRECT_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(office.port),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    return Stand(tmp_path, os.environ | own, LOG)


@pytest.mark.django_db(transaction=True)
def test_services_that_were_killed_end_in_the_tables_that_a_replay_from_zero_makes(
    stand: Stand, office: PostOffice
) -> None:
    seed_ladder()
    result = run(stand, office, SUITE, secrets.randbelow(1_000_000), print)
    assert result.verdict.breaches == [], report(result)
    assert result.never == [], report(result)
    assert all(killed.rows for _, killed, _ in result.verdict.hashes), report(result)


def test_the_verdict_names_what_is_missing_and_what_is_too_many() -> None:
    verdict = Verdict()
    verdict.equal("records", Counter("aab"), Counter("abc"))
    verdict.same("table", Digest(1, "x"), Digest(1, "y"))
    missing, doubled, different = verdict.breaches
    assert (missing, doubled) == ("records: 1 missing, as c", "records: 1 too many, as a")
    assert different.startswith("table differs")
