"""`make faults PART=realtime`: the proofs of the streams, which the suite has in a short form."""

import os
import signal
import sys
from pathlib import Path

from core.processes import spawn, stop

ROOT = Path(__file__).resolve().parents[2]
PROOFS = (
    "tests/realtime/test_conformance.py::test_whatever_breaks_every_reader_ends_with_the_log",
    "tests/realtime/test_many_streams.py",
    "tests/browser/test_network.py",
    "tests/browser/test_tabs.py",
)


def are_streams_kept(profile: str, seed: int) -> bool:
    """pytest says the rest; without Chromium it leaves the browser's part out, and says so."""
    command = ["pytest", "-n", "0", "-p", "randomly", f"--randomly-seed={seed}", *PROOFS]
    run = spawn(
        [sys.executable, "-m", *command], cwd=ROOT, env=os.environ | {"PROFILE": profile}, log=None
    )
    try:
        return run.wait() == 0
    finally:
        stop(run, how=signal.SIGINT, grace=30)  # pytest ends its servers
