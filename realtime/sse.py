"""Server-sent events on the wire. Unnamed events, so that `EventSource.onmessage` sees them."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from realtime import messages
from realtime.transports import Asgi
from realtime.wire import FeedEvent, dump

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),  # no proxy may compress it
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class ServerSentEvents:
    """The number of an event is its `id`, and so the client's resume point."""

    name = "sse"
    closes_with_handshake = False

    def established(
        self, *, user_id: str, head: int, resume_at: int | None, now: datetime
    ) -> bytes:
        message = messages.established(user_id=user_id, head=head, now=now)
        return _frame(dump(message), event_id=resume_at, retry_ms=settings.STREAM_RETRY_MS)

    def event(self, number: int, event: FeedEvent) -> bytes:
        return _event_frame(number, event.envelope)

    def reset(self, *, head: int, snapshot: str) -> bytes:
        return _frame(dump(messages.reset(head=head, snapshot=snapshot)), event_id=head)

    def heartbeat(self, *, now: datetime) -> bytes:
        return _frame(dump(messages.heartbeat(now=now)))

    def superseded(self, *, sequence: int, now: datetime) -> bytes:
        """The id makes the reconnect end in 204, which stops `EventSource`."""
        return _frame(dump(messages.superseded(now=now)), event_id=f"{sequence}.superseded")

    def closing(self, *, reason: str, now: datetime) -> bytes:
        retry_ms = messages.jittered(settings.STREAM_RETRY_MS)
        return _frame(dump(messages.closing(reason=reason, now=now)), retry_ms=retry_ms)

    def write(self, frame: bytes) -> Asgi:
        return {"type": "http.response.body", "body": frame, "more_body": True}

    def write_all(self, frames: Sequence[bytes]) -> list[Asgi]:
        return [self.write(b"".join(frames))]

    def finish(self, frames: Sequence[bytes], *, reason: str) -> list[Asgi]:
        return [{"type": "http.response.body", "body": b"".join(frames), "more_body": False}]

    def reply(self, message: Asgi, *, now: datetime) -> None:
        """The rest of a request's body says nothing."""


SSE = ServerSentEvents()


@lru_cache(maxsize=64)
def _event_frame(number: int, envelope: str) -> bytes:
    """Made once for all who get it: a system event goes to everybody in one turn."""
    return _frame(envelope, event_id=number)


def _frame(text: str, *, event_id: str | int | None = None, retry_ms: int | None = None) -> bytes:
    """One event; `text` is JSON on one line."""
    lines = [f"retry: {retry_ms}"] if retry_ms is not None else []
    if event_id is not None:
        lines.append(f"id: {event_id}")
    return ("\n".join([*lines, f"data: {text}"]) + "\n\n").encode()
