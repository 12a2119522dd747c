"""Which streams are due for a heartbeat."""

import time
from collections.abc import Callable, Hashable
from itertools import islice, takewhile
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)


class Beats(Generic[S]):
    """Each is due `period` seconds after it came, and again: as spread as they came."""

    def __init__(self, period: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._period = period
        self._clock = clock
        self._due: dict[S, float] = {}  # the earliest first

    def add(self, stream: S) -> None:
        self._due[stream] = self._clock() + self._period

    def remove(self, stream: S) -> None:
        self._due.pop(stream, None)

    def take(self, limit: int) -> list[S]:
        """Those that are due, the earliest `limit` of them."""
        now = self._clock()
        late = takewhile(lambda due: due[1] <= now, self._due.items())
        due = [stream for stream, _ in islice(late, limit)]
        for stream in due:
            del self._due[stream]
            self._due[stream] = now + self._period
        return due
