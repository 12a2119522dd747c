"""What a transport has to know: how a stream looks on its wire. It keeps no state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, AnyStr, Protocol

from realtime.wire import FeedEvent

Asgi = dict[str, Any]


class NotOurs(Exception):
    """The client sent something that is no message of ours; `reason` ends its stream."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Transport(Protocol[AnyStr]):
    """A frame is one message for the client, as the server's `send` takes it."""

    name: str
    closes_with_handshake: bool
    """The client has to answer the end; a client that does not keeps the socket open."""

    def established(
        self, *, user_id: str, head: int, resume_at: int | None, now: datetime
    ) -> AnyStr:
        """The first message, with the point where a client that drops right now has to resume.

        That is the head for a new client, but the client's own point when a replay follows: with
        the head it would lose the replay. `resume_at` None (a reset follows) names none.
        """
        ...

    def event(self, number: int, event: FeedEvent) -> AnyStr: ...

    def reset(self, *, head: int, snapshot: str) -> AnyStr: ...

    def heartbeat(self, *, now: datetime) -> AnyStr: ...

    def superseded(self, *, sequence: int, now: datetime) -> AnyStr: ...

    def closing(self, *, reason: str, now: datetime) -> AnyStr: ...

    def write(self, frame: AnyStr) -> Asgi:
        """One frame as one ASGI message."""
        ...

    def write_all(self, frames: Sequence[AnyStr]) -> list[Asgi]: ...

    def finish(self, frames: Sequence[AnyStr], *, reason: str) -> list[Asgi]:
        """The last frames and the end; empty frames are left out."""
        ...

    def reply(self, message: Asgi, *, now: datetime) -> AnyStr | None:
        """The answer to what the client sent, if it deserves one. Raises NotOurs."""
        ...
