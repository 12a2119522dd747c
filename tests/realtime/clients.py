"""Clients that come back by themselves: a page, and one that leaves again and again."""

import time
from random import Random, random
from threading import Event as Signal
from typing import Any

from tests.realtime.feed import Person
from tests.realtime.readers import Broken, Over, Reader, Refused, take
from tests.realtime.system import System

PAUSE_SECONDS = 0.05
GIVES_UP_AFTER = 60.0


class Tab:
    """A page that comes back whenever its stream ends, until it is told not to."""

    def __init__(self, reader: Reader):
        self.reader = reader
        self.connects = 0
        self.superseded = False
        self.got: list[int] = []

    def run(self, events: int, connected: Signal) -> None:
        """Until it has seen the event number `events`."""
        while not self.superseded and self.got[-1:] != [events]:
            self._read(events, connected)
            time.sleep(PAUSE_SECONDS)

    def _read(self, events: int, connected: Signal) -> None:
        try:
            self.reader.connect()
            self.connects += 1
            connected.set()
            while self.got[-1:] != [events]:
                self.got += take(self.reader, 1)
        except Over as over:
            self.superseded = over.reason == "superseded"
        except Broken:
            return
        finally:
            self.reader.drop()


class Wanderer:
    """Reads a few events, leaves without a word, comes back to whatever server there is."""

    def __init__(self, kind: type[Reader], system: System, person: Person):
        self.person = person
        self.disconnects = 0
        self.got: list[dict[str, Any]] = []
        self._system = system
        self._reader = kind(system.web, person, after=0)
        self._has_to_stop = False
        self._random = Random(random())

    def run(self, disconnects: int) -> None:
        while self.disconnects < disconnects and not self._has_to_stop:
            self._visit(self._random.randrange(6))
            self.disconnects += 1

    def stop(self) -> None:
        """After this visit; for a run that has failed."""
        self._has_to_stop = True

    def read_up_to(self, events: int) -> None:
        while len(self.got) < events:
            self._visit(events - len(self.got))

    def _visit(self, events: int) -> None:
        """Read so many events, however often the stream breaks meanwhile."""
        wanted = len(self.got) + events
        deadline = time.monotonic() + GIVES_UP_AFTER
        while not self._try_to_reach(wanted):
            assert time.monotonic() < deadline, "nothing arrives any more"
            time.sleep(PAUSE_SECONDS)

    def _try_to_reach(self, wanted: int) -> bool:
        self._reader.web = self._system.web
        try:
            self._reader.connect()
            while len(self.got) < wanted:
                self.got.append(self._reader.next())
        except (Broken, Over):
            return False
        except Refused as refused:
            if refused.status != 503:
                raise
            return False
        finally:
            self._reader.drop()
        return True
