"""The proofs that are tests: `make faults` runs them by pytest, longer than the suite does."""

import os
import sys
import tempfile
from pathlib import Path

from core.processes import spawn
from demo.system import ROOT
from tests.faults.network.tally import load_tallies
from tests.patience import PATIENCE

SUITES = {
    "network": ("tests/faults/network",),
    "races": ("tests/faults/test_races.py", "tests/nft/test_races.py", "tests/nft/test_crowds.py"),
    "redis": ("tests/faults/test_disposable.py", "tests/faults/test_redis.py"),
}


def is_suite_kept(part: str, profile: str, seed: int) -> bool:
    """Whether every test passed and, of the network, every fault was met."""
    with tempfile.TemporaryDirectory(prefix="aiw3-faults-") as report:
        child = spawn(
            [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:randomly",
             *(("-n", "2") if part == "network" and profile == "long" else ()), *SUITES[part]],
            cwd=ROOT, log=None,
            env={**os.environ, "FAULTS_PROFILE": profile, "FAULTS_SEED": str(seed),
                 "FAULTS_REPORT": report},
        )  # fmt: skip
        try:
            passed = child.wait() == 0
        except KeyboardInterrupt:
            child.terminate()
            child.wait(PATIENCE)
            raise
        return _is_network_told(Path(report)) and passed if part == "network" else passed


def _is_network_told(report: Path) -> bool:
    total = load_tallies(report)
    print(f"\n{total.report()}", flush=True)  # noqa: T201
    for name in total.never:
        print(f"It never came to this: {name}.", flush=True)  # noqa: T201
    return not total.never
