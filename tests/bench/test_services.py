"""The benchmarks of the services behind the log run from end to end; figures mean little here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.stand import ROOT


@pytest.mark.e2e
def test_every_figure_of_the_services_is_taken(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--output", tmp_path, "analytics", "services"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    parts = json.loads((tmp_path / "build" / "bench.json").read_text())
    found = parts["analytics"] | parts["services"]
    assert {"events_counted", "rank_and_neighbours_p99"} <= set(found)
    assert {"analytics_80_p99", "notifications_80_p99", "audit_80_p99"} <= set(found)
    assert all(measure["value"] > 0 for measure in found.values())
