"""The benchmark of the streams runs from end to end; its figures mean nothing here."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.stand import ROOT

BESIDE_NODE = {"publish_to_client_40_p99", "broadcast_p99", "accepting_by_token"}


def run(output: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--output", output, "realtime"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.e2e
def test_every_figure_of_the_streams_is_taken_beside_node(tmp_path: Path) -> None:
    for program in ("cc", "node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"the benchmark of the streams needs {program}")
    printed = run(tmp_path)
    measures = json.loads((tmp_path / "build" / "bench.json").read_text())["realtime"]
    assert {name for name, measure in measures.items() if measure["baseline"]} >= BESIDE_NODE
    assert measures["commit_to_client_40_lost"]["value"] == 0
    assert measures["websocket_commit_to_client_40_lost"]["value"] == 0
    assert measures["left_behind"]["samples"] == [0, 0]
    assert measures["more_threads"]["met"]
    assert measures["reconnect_storm"]["value"] > 0
    assert "Left out" not in printed
    assert "## Real time" in (tmp_path / "docs" / "performance.md").read_text()
