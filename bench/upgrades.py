"""`make bench PART=upgrades`: the backend's own time in an upgrade, over several of them."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measures import Measure
from bench.report import Report
from bench.stand import ROOT, BenchFailed

TITLE = "Upgrades"
AGAINST = "the whole upgrade, with the chain's time"


def measure(rounds: int, *, quick: bool) -> Report:
    """Raises BenchFailed."""
    timings = _timings(1 if quick else rounds)
    totals = [timing["total"] for timing in timings]
    own = [sum(timing["parts"].values()) for timing in timings]
    found = [Measure("backend_own_time", "ms", own, totals, AGAINST)]
    for name in timings[0]["parts"]:
        parts = [timing["parts"][name] for timing in timings]
        found.append(Measure(name.replace(" ", "_"), "ms", parts, totals, AGAINST))
    return Report("upgrades", TITLE, found, {})


def _timings(count: int) -> list[dict]:
    """`[{"total": ms, "parts": {name: ms}}]`, of a demo of its own."""
    with tempfile.TemporaryDirectory(prefix="aiw3-bench-") as folder:
        Path(folder).chmod(0o711)  # the database's user passes through
        found = Path(folder) / "timings.json"
        demo = [
            sys.executable, "-m", "demo", "--parent", str(os.getpid()),
            "--state", f"{folder}/state", "--time", str(count), "--timings", str(found),
        ]  # fmt: skip
        done = subprocess.run(demo, cwd=ROOT, check=False)
        if done.returncode != 0 or not found.exists():
            raise BenchFailed("The demo did not get through its upgrades.")
        timings: list[dict] = json.loads(found.read_text())
        return timings
