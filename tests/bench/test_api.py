"""The benchmark of the API runs from end to end; its figures mean nothing here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.stand import ROOT


@pytest.mark.e2e
def test_every_figure_of_the_api_is_taken(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--output", tmp_path, "api"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "build" / "bench.json").read_text())["api"]
    assert {"trades_in_bulk", "trades_in_bulk_with_what_they_earn"} <= set(found)
    assert all(measure["value"] > 0 and measure["baseline"] for measure in found.values())
