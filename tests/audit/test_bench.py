"""The benchmarks' small form: they run, and what they append verifies. Figures are for quiet
machines (`make bench PART=audit`)."""

from pathlib import Path

import pytest

from audit.models import Head
from bench.audit.part import append_measure, verify_measure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log")]


def test_appending_and_verifying_are_measured(tmp_path: Path) -> None:
    append = append_measure(1, count=400)
    assert Head.objects.get().size == 400 + 20
    verify = verify_measure(tmp_path / "bundle", 1, count=600)
    assert Head.objects.get().size == 600 + 1  # the export
    assert append.value > 0
    assert append.limit is not None
    assert verify.value > 0
