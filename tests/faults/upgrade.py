"""The crash-point proof as a part of `make faults`: `manage.py prove_upgrade`."""

import sys

from core.processes import spawn, stop
from demo.system import ROOT

# The long form kills everywhere twice: with the settings' defaults, where a mint that was
# signed before the kill has expired after it, and with short waits, where it has not.
RUNS = {
    "short": (("--quick", "--sample", "40"),),
    "long": (("--quick",), ()),
}


def is_upgrade_kept(profile: str, seed: int) -> bool:
    """Whether every run exits 0; one that does not keeps none of the others from running."""
    return False not in [_is_run_kept(options, seed) for options in RUNS[profile]]


def _is_run_kept(options: tuple[str, ...], seed: int) -> bool:
    command = [sys.executable, "manage.py", "prove_upgrade", "--kill-everywhere"]
    child = spawn([*command, "--seed", str(seed), *options], cwd=ROOT, log=None)
    try:
        return child.wait() == 0
    finally:
        stop(child)
