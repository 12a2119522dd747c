"""The proof of the services as a part of `make faults`: a process a bus, which makes its settings."""

import sys

from core.processes import spawn, stop
from demo.system import ROOT
from tests.faults.services.plan import PROFILES


def are_services_kept(profile: str, seed: int) -> bool:
    """Whether every run exits 0; one that does not keeps none of the others from running."""
    return False not in [_is_run_kept(profile, seed, bus) for bus in PROFILES[profile].buses]


def _is_run_kept(profile: str, seed: int, bus: str) -> bool:
    command = [sys.executable, "-m", "tests.faults.services", profile, str(seed), bus]
    child = spawn(command, cwd=ROOT, log=None)
    try:
        return child.wait() == 0
    finally:
        stop(child, grace=30)
