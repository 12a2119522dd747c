"""A process that writes events as the applications do, and remembers what it was promised.

Its journal holds a line when a transaction is about to commit, and one when it has: a commit
whose answer never came is looked up afterwards, and not assumed.
"""

import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection, transaction

from events.processes import run_until_signal
from events.services import publish
from tests.faults.chaos.facts import some_fact
from tests.faults.chaos.journals import ABANDONED, COMMITTED, UNKNOWN, read_journals

CONNECTIONS = 6


class Abandon(Exception):
    """Rolls the writer's own transaction back."""


class Pace:
    """Shared by the connections of a process: hands out what is due at a rate since `began`
    (of `time.monotonic()`), which is before a killed writer that this one replaces."""

    def __init__(self, rate: float, *, began: float, written: int):
        self._rate, self._began = rate, began
        self._taken = written
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        with self._lock:
            due = (time.monotonic() - self._began) * self._rate
            if self._taken + count > due:
                return False
            self._taken += count
            return True

    def give_back(self, count: int) -> None:
        with self._lock:
            self._taken -= count


class Journal:
    """Of one connection. A line is with the system before the step is taken that it tells of."""

    def __init__(self, path: Path):
        self._file = path.open("a", buffering=1)
        self._number = 0

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def transaction(self) -> Iterator[list[UUID]]:
        """Collects the ids of a transaction, and notes its outcome."""
        self._number += 1
        ids: list[UUID] = []
        outcome = ABANDONED
        try:
            with transaction.atomic(durable=True):
                yield ids
                outcome = UNKNOWN  # from here on only the server's answer can tell
                self._note(ids, outcome)
            outcome = COMMITTED
        finally:
            self._note(ids, outcome)

    def _note(self, ids: list[UUID], outcome: str) -> None:
        line = [self._number, outcome, [str(event_id) for event_id in ids]]
        self._file.write(json.dumps(line) + "\n")


def write(pace: Pace, journal: Journal, dice: random.Random, stop: threading.Event) -> None:
    while not stop.is_set():
        count = dice.randint(1, 5)
        if not pace.take(count):
            stop.wait(0.01)
            continue
        try:
            with journal.transaction() as ids:
                _write_some(count, ids, dice)
        except Abandon:
            pace.give_back(count)
        except (DatabaseError, InterfaceError):
            pace.give_back(count)
            _hang_up()
            stop.wait(dice.uniform(0.05, 0.3))
    _hang_up()


def _hang_up() -> None:
    with suppress(DatabaseError, InterfaceError):
        connection.close()


def _write_some(count: int, ids: list[UUID], dice: random.Random) -> None:
    """Some transactions stay open for a while, so that ids commit out of order."""
    fate = dice.random()
    for _ in range(count):
        ids.append(publish(some_fact(dice)).event_id)
        if fate < 0.1:
            time.sleep(dice.uniform(0.0, 0.1))
    if 0.1 < fate < 0.11:
        time.sleep(dice.uniform(0.5, 2.5))
    if dice.random() < 0.05:
        raise Abandon


def main() -> None:
    """Arguments: name, attempt, seed, events a second, since when, folder of the journals."""
    name, attempt, seed = sys.argv[1:4]
    rate, began, folder = float(sys.argv[4]), float(sys.argv[5]), Path(sys.argv[6])
    earlier = read_journals(folder, writer=name)
    pace = Pace(rate, began=began, written=len(earlier.committed))
    loops = {}
    with ExitStack() as journals:
        for number in range(CONNECTIONS):
            path = folder / f"{name}.{attempt}.{number}.jsonl"
            journal = journals.enter_context(closing(Journal(path)))
            dice = random.Random(f"{seed} {path.stem}")
            loops[path.stem] = partial(write, pace, journal, dice)
        run_until_signal(loops)
