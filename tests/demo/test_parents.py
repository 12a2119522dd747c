"""A process that make starts ends with make, however it was started."""

import os
import subprocess
import sys

import pytest

from tests.demo.test_tooling import ROOT
from tests.patience import PATIENCE

WAIT = """
import sys
from core.processes import die_with_parent
die_with_parent(int(sys.argv[1]))
print("alive")
"""


def _start(parent: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WAIT, str(parent)],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def test_a_process_whose_parent_has_ended_does_not_start() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    refused = _start(ended.pid)
    assert refused.returncode == 1
    assert "has ended" in refused.stderr


@pytest.mark.parametrize("generation", ["parent", "grandparent"])
def test_a_launcher_in_between_is_no_reason_to_refuse(generation: str) -> None:
    """Some version managers start Python as a child instead of becoming it."""
    started = _start(os.getpid() if generation == "parent" else os.getppid())
    assert started.stdout == "alive\n"
