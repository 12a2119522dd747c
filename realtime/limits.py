"""How many streams may be open: a user's share, and the deployment's.

Each process keeps this book of its own streams. What the others hold comes by messages
(`realtime.control`); with Redis away every process is on its own.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from core.errors import LimitExceeded, Unavailable
from realtime.peers import Peers


class OpenStream(Protocol):
    @property
    def user_id(self) -> UUID: ...

    @property
    def stream_id(self) -> str:
        """The same for a stream and for what resumes it with the same ticket."""
        ...

    def supersede(self) -> None:
        """End: this user's newer streams took its place."""

    def evict(self) -> None:
        """End: the deployment is full."""


S = TypeVar("S", bound=OpenStream)

Entry = tuple[float, str]
"""When a stream was opened (Unix time), and its `stream_id`: the order of age everywhere."""


def too_many_streams() -> LimitExceeded:
    return LimitExceeded(
        "TOO_MANY_STREAMS", "Too many of yours are open; close one first.", retry_after=5
    )


class Limits(Generic[S]):
    """`per_user_refuse` and `total_refuse`: turn the new stream away instead of ending the oldest."""

    def __init__(
        self,
        *,
        per_user: int,
        per_user_refuse: bool,
        total: int,
        total_refuse: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.peers = Peers()
        self.per_user = per_user
        self.per_user_refuse = per_user_refuse
        self._total = total
        self._total_refuse = total_refuse
        self._clock = clock
        self._open: OrderedDict[S, Entry] = OrderedDict()
        self._by_user: dict[UUID, list[S]] = {}
        self._elsewhere: dict[UUID, dict[str, Sequence[Entry]]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def all(self) -> list[S]:
        return list(self._open)

    @property
    def users(self) -> int:
        return len(self._by_user)

    @property
    def oldest(self) -> float | None:
        """When the oldest stream here was opened."""
        return next((opened for opened, _ in self._open.values()), None)

    @property
    def excess(self) -> int:
        """How many streams of the deployment are to be evicted."""
        return 0 if self._total_refuse else max(0, len(self) + self.peers.open - self._total)

    def of_user(self, user_id: UUID) -> int:
        return len(self._by_user.get(user_id, ()))

    def entries(self, user_id: UUID) -> list[Entry]:
        """The user's streams here, oldest first."""
        return [self._open[stream] for stream in self._by_user.get(user_id, ())]

    def check(self, user_id: UUID) -> None:
        """Raises LimitExceeded or Unavailable when a new stream is to be refused."""
        if self.per_user_refuse and self.of_user(user_id) >= self.per_user:
            raise too_many_streams()
        if self._total_refuse and len(self) + self.peers.open >= self._total:
            raise Unavailable("STREAMS_FULL", "No more streams can be opened right now.")

    def open(self, stream: S) -> None:
        """Count the stream; the one it resumes ends, and the oldest when that is too many."""
        for other in list(self._by_user.get(stream.user_id, ())):
            if other.stream_id == stream.stream_id:
                other.supersede()
        self._open[stream] = (self._clock(), stream.stream_id)
        self._by_user.setdefault(stream.user_id, []).append(stream)
        self._make_room(stream.user_id)
        if len(self._open) > self._total:
            self.evict_oldest()

    def evict_oldest(self) -> None:
        for stream in list(self._open)[:1]:
            stream.evict()

    def hear_call(self, user_id: UUID) -> None:
        """Every process is about to say anew what it holds of the user."""
        self._elsewhere.pop(user_id, None)

    def hear(self, user_id: UUID, process: str, entries: Sequence[Entry]) -> None:
        """Another process holds these: end what is too many here."""
        if user_id in self._by_user:
            self._elsewhere.setdefault(user_id, {})[process] = entries
            self._make_room(user_id)

    def close(self, stream: S) -> None:
        """Stop counting the stream; twice is once."""
        if stream not in self._open:
            return
        del self._open[stream]
        mine = self._by_user[stream.user_id]
        mine.remove(stream)
        if not mine:
            del self._by_user[stream.user_id]
            self._elsewhere.pop(stream.user_id, None)

    def _make_room(self, user_id: UUID) -> None:
        """End the user's streams here that are not among the newest anywhere.

        A stream and the one that resumes it count once; the older of the two ends.
        """
        here = {stream: self._open[stream] for stream in self._by_user.get(user_id, ())}
        known = [*here.values()]
        for entries in self._elsewhere.get(user_id, {}).values():
            known.extend(entries)
        newest = {stream_id: opened for opened, stream_id in sorted(known)}
        kept = sorted((opened, stream_id) for stream_id, opened in newest.items())[-self.per_user :]
        for stream, entry in here.items():
            if entry not in kept and stream in self._open:
                stream.supersede()
