"""What the other server processes last said about how many streams they hold."""

import time
from collections.abc import Callable
from dataclasses import dataclass

SILENCE_SECONDS = 6.0


@dataclass
class Peer:
    """`oldest`: when its oldest stream was opened, a Unix time; None without any."""

    open: int
    oldest: float | None
    heard_at: float


class Peers:
    """A process that was silent for `silence_seconds` is gone, and its streams with it."""

    def __init__(
        self,
        *,
        silence_seconds: float = SILENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._silence_seconds = silence_seconds
        self._clock = clock
        self._by_process: dict[str, Peer] = {}

    def hear(self, process: str, *, open_streams: int, oldest: float | None) -> None:
        self._by_process[process] = Peer(open_streams, oldest, self._clock())

    @property
    def open(self) -> int:
        """How many streams they hold together."""
        self._forget_silent()
        return sum(peer.open for peer in self._by_process.values())

    def older_than(self, opened: float | None) -> str | None:
        """The process with the oldest stream of all, if that is older than `opened`."""
        self._forget_silent()
        held = {
            process: peer.oldest
            for process, peer in self._by_process.items()
            if peer.open and peer.oldest is not None
        }
        oldest = min(held, key=lambda process: held[process], default=None)
        is_older = oldest is not None and (opened is None or held[oldest] < opened)
        return oldest if is_older else None

    def count_evicted(self, process: str) -> None:
        """It was told to end a stream; it will say so itself soon."""
        self._by_process[process].open -= 1

    def _forget_silent(self) -> None:
        limit = self._clock() - self._silence_seconds
        for process, peer in list(self._by_process.items()):
            if peer.heard_at < limit:
                del self._by_process[process]
