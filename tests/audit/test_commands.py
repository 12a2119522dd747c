"""`manage.py audit`."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.checks import log_can_be_signed
from audit.models import Checkpoint, Record
from audit.services.appending import append_pending
from core.ids import uuid7
from tests.audit.bundles import record
from tools.verify_audit import verify_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log")]


def audit(*arguments: object) -> str:
    out = io.StringIO()
    call_command("audit", *map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_an_export_is_verified_with_the_key_that_the_command_prints(
    tmp_path: Path, user: User
) -> None:
    bundle = tmp_path / "bundle"
    audit("export", "--output", bundle)
    keys = audit("key").split()
    assert verify_file(bundle, keys).records == 2  # the user, and the export
    audit("export", "--user", user.id, "--output", bundle)
    assert verify_file(bundle, keys, part=True).records == 1
    seen = Checkpoint.objects.latest("size")
    audit("export", "--user", user.id, "--seen", seen.size, "--output", bundle)
    verify_file(bundle, keys, part=True, seen=[seen.note])
    with pytest.raises(CommandError, match="no checkpoint of size 99"):
        audit("export", "--user", user.id, "--seen", 99, "--output", bundle)
    with pytest.raises(CommandError, match="No record"):
        audit("export", "--correlation", "nothing", "--output", bundle)
    append_pending()
    notes = Record.objects.filter(source="audit").values_list("after", flat=True)
    assert str(user.id) not in str(list(notes))


def test_records_of_a_period_come_as_csv_without_formulas_or_as_json_lines() -> None:
    record("x", actor="=1+1", reason="-2")
    record("old", at="2020-01-01T00:00:00.000000Z")
    period = ("--since", "2021-01-01", "--until", f"{timezone.now() + timedelta(days=2):%Y-%m-%d}")
    rows = list(csv.DictReader(io.StringIO(audit("records", *period))))
    assert (rows[0]["what"], rows[0]["actor"], rows[0]["reason"]) == ("x", "'=1+1", "'-2")
    assert "old" not in {row["what"] for row in rows}
    lines = [
        json.loads(line) for line in audit("records", *period, "--format", "jsonl").splitlines()
    ]
    assert (lines[0]["actor"], lines[0]["index"]) == ("=1+1", 0)
    with pytest.raises(CommandError, match="a date"):
        audit("records", "--since", "2021-01-01T00:00:00", "--until", "2021-01-02")


def test_a_person_is_held_released_and_erased(user: User) -> None:
    assert "user" in audit("hold", "user", user.id, "--reason", "case")
    with pytest.raises(CommandError, match="legal hold"):
        audit("erase", user.id, "--reason", "ticket")
    (line,) = audit("holds").splitlines()
    audit("release", line.split()[0], "--reason", "closed")
    assert audit("holds") == ""
    assert "1 records" in audit("erase", user.id, "--reason", "ticket")
    assert "0 records" in audit("erase", uuid7(), "--reason", "ticket")


def test_the_doctor_fails_where_the_application_is_a_superuser() -> None:
    with pytest.raises(CommandError, match="could change"):
        audit("doctor")


def test_a_key_that_cannot_sign_is_told_without_the_key(settings: Settings) -> None:
    assert log_can_be_signed() == []
    settings.AUDIT_SIGNING_KEYS = {1: b"s" * 33}
    (error,) = log_can_be_signed()
    assert error.id == "audit.E001"
    assert "sss" not in str(error)
