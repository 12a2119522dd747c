"""A program that was asked to end does so, wherever the signal met it."""

import signal
import subprocess
import sys

import pytest

from tests.patience import PATIENCE

PROGRAM = """
import os, signal, subprocess, sys, time
from core.interrupts import ignore_interrupts, interrupt_on

def hang_up():
    os.kill(os.getpid(), signal.SIGHUP)

class Dying:
    def __del__(self):
        hang_up()

def forks():
    os.register_at_fork(before=hang_up)
    subprocess.run(["true"], preexec_fn=lambda: None)

def destroys():
    Dying()

interrupt_on(signal.SIGHUP)
try:
    {what}
    time.sleep(10)
except KeyboardInterrupt:
    ignore_interrupts(signal.SIGHUP)
    hang_up()
    print("stopped in peace")
"""


@pytest.mark.parametrize("what", ["hang_up()", "forks()", "destroys()"])
def test_a_signal_is_heeded_where_python_drops_what_it_raises(what: str) -> None:
    argv = [sys.executable, "-c", PROGRAM.replace("{what}", what)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped in peace\n", "")


def test_what_else_python_drops_is_still_told() -> None:
    program = f"""
import signal
from core.interrupts import interrupt_on
interrupt_on({int(signal.SIGHUP)})
class Broken:
    def __del__(self):
        raise ValueError("told")
Broken()
"""
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert "ValueError: told" in done.stderr
