"""Signals that end a program by KeyboardInterrupt, wherever it is at that moment."""

import signal
import sys
from types import FrameType
from typing import NoReturn

AGAIN_SECONDS = 0.05
_tell_unraisable = sys.unraisablehook


def interrupt_on(*numbers: int) -> None:
    """Raise KeyboardInterrupt in the main thread at these signals. They use SIGALRM too.

    Python drops an exception that is raised inside a hook of `fork`, or inside a destructor, and
    only tells `sys.unraisablehook`. A signal that arrives just then would be lost, so it is
    raised once more.
    """
    for number in (*numbers, signal.SIGALRM):
        signal.signal(number, _interrupt)
    sys.unraisablehook = _interrupt_again


def ignore_interrupts(*numbers: int) -> None:
    """What is under way must finish; a second Ctrl-C does not stop it."""
    for number in (*numbers, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _interrupt_again(dropped: "sys.UnraisableHookArgs") -> None:
    if issubclass(dropped.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
    else:
        _tell_unraisable(dropped)
