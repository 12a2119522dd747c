"""The benchmark of analytics runs from end to end, on a small board; its figures mean little here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.stand import ROOT


@pytest.mark.timeout(300)
def test_every_figure_of_analytics_is_taken(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--output", tmp_path, "analytics"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "build" / "bench.json").read_text())["analytics"]
    assert {"event_counted_80_p99", "events_counted", "rank_and_neighbours_p99"} <= set(found)
    assert all(measure["value"] > 0 for measure in found.values())
