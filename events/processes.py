"""Runs loops in threads until a signal, or until one of them ends unasked."""

import gc
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import FrameType

logger = logging.getLogger(__name__)

STOP_SECONDS = 4.0


def run_until_signal(loops: Mapping[str, Callable[[threading.Event], None]]) -> bool:
    """Run each loop in a thread. True when all ended because of SIGTERM or SIGINT.

    Threads are daemons: one that hangs in a handler cannot delay the end by more than
    `STOP_SECONDS`; its lease runs out and its transaction is rolled back by the server.
    """
    stop, asked = threading.Event(), threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    threads = [
        threading.Thread(target=loop, args=(stop,), name=name, daemon=True)
        for name, loop in loops.items()
    ]
    # A full collection would halt all threads for as long as it takes to look at everything that
    # was imported: measured, 300 ms every half a minute.
    gc.collect()
    gc.freeze()
    for thread in threads:
        thread.start()
    while not stop.wait(0.2):
        if not all(thread.is_alive() for thread in threads):
            stop.set()
    _wait_for(threads)
    gc.unfreeze()
    return asked.is_set()


def _wait_for(threads: Iterable[threading.Thread]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            logger.warning("%s did not stop in time", thread.name)
