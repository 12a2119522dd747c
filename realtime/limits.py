"""How many streams may be open: a user's share, and the deployment's.

Counted per process. Processes tell each other about openings (`realtime.control`), so that a
user's older streams end wherever they are; with Redis away each process keeps its own count.
"""

from collections import OrderedDict
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from core.errors import LimitExceeded, Unavailable


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


class Limits(Generic[S]):
    """`per_user_refuse` and `total_refuse`: turn the new stream away instead of ending the oldest."""

    def __init__(
        self, *, per_user: int, per_user_refuse: bool, total: int, total_refuse: bool
    ) -> None:
        self._per_user = per_user
        self._per_user_refuse = per_user_refuse
        self._total = total
        self._total_refuse = total_refuse
        self._open: OrderedDict[S, None] = OrderedDict()
        self._by_user: dict[UUID, list[S]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def all(self) -> list[S]:
        return list(self._open)

    def of_user(self, user_id: UUID) -> int:
        return len(self._by_user.get(user_id, ()))

    def check(self, user_id: UUID) -> None:
        """Raises LimitExceeded or Unavailable when a new stream is to be refused."""
        if self._per_user_refuse and self.of_user(user_id) >= self._per_user:
            raise LimitExceeded(
                "TOO_MANY_STREAMS", "Too many of yours are open; close one first.", retry_after=5
            )
        if self._total_refuse and len(self._open) >= self._total:
            raise Unavailable("STREAMS_FULL", "No more streams can be opened right now.")

    def open(self, stream: S) -> None:
        """Count the stream; the one it resumes ends, and the oldest when that is too many."""
        for other in list(self._by_user.get(stream.user_id, ())):
            if other.stream_id == stream.stream_id:
                other.supersede()
        self._open[stream] = None
        self._by_user.setdefault(stream.user_id, []).append(stream)
        self.make_room(stream.user_id, elsewhere=0)
        if len(self._open) > self._total:
            next(iter(self._open)).evict()

    def make_room(self, user_id: UUID, *, elsewhere: int) -> None:
        """End the user's oldest streams here beyond the limit, `elsewhere` being newer ones."""
        mine = self._by_user.get(user_id, [])
        for stream in mine[: max(0, len(mine) + elsewhere - self._per_user)]:
            stream.supersede()

    def close(self, stream: S) -> None:
        """Stop counting the stream; twice is once."""
        if stream not in self._open:
            return
        del self._open[stream]
        mine = self._by_user[stream.user_id]
        mine.remove(stream)
        if not mine:
            del self._by_user[stream.user_id]
