"""Server-sent events on the wire. Unnamed events, so that `EventSource.onmessage` sees them."""

import random
from datetime import datetime
from typing import Any

from events.events import rfc3339
from realtime.wire import FeedEvent, dump

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),  # no proxy may compress it
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


def frame(text: str, *, event_id: str | int | None = None, retry_ms: int | None = None) -> bytes:
    """One event; `text` is JSON on one line."""
    lines = [f"retry: {retry_ms}"] if retry_ms is not None else []
    if event_id is not None:
        lines.append(f"id: {event_id}")
    return ("\n".join([*lines, f"data: {text}"]) + "\n\n").encode()


def event_frame(number: int, event: FeedEvent) -> bytes:
    return frame(event.envelope, event_id=number)


def established_frame(
    *, user_id: str, head: int, resume_at: int | None, retry_ms: int, now: datetime
) -> bytes:
    """The first message. Its id is where a client that drops right now has to resume.

    That is the head for a new client, but the client's own point when a replay follows: with
    the head it would lose the replay. `resume_at` None (a reset follows) sends no id.
    """
    message = {
        "type": "connection_established",
        "userId": user_id,
        "timestamp": rfc3339(now),
        "message": "Connected to your NFT events.",
        "sequence": head,
    }
    return frame(dump(message), event_id=resume_at, retry_ms=retry_ms)


def reset_frame(*, head: int, snapshot: str) -> bytes:
    """Too far behind: read the snapshot, then go on from `head`."""
    message = {"type": "reset", "sequence": head, "snapshot": snapshot}
    return frame(dump(message), event_id=head)


def heartbeat_frame(now: datetime) -> bytes:
    return frame(dump({"type": "heartbeat", "timestamp": rfc3339(now), "serverTime": rfc3339(now)}))


def superseded_frame(*, sequence: int, now: datetime) -> bytes:
    """The id makes the reconnect end in 204, which stops `EventSource`."""
    message: dict[str, Any] = {"type": "superseded", "timestamp": rfc3339(now)}
    return frame(dump(message), event_id=f"{sequence}.superseded")


def closing_frame(*, reason: str, retry_ms: int, now: datetime) -> bytes:
    """The server ends the stream; the client comes back after `retry_ms` and resumes."""
    message = {"type": "closing", "reason": reason, "timestamp": rfc3339(now)}
    return frame(dump(message), retry_ms=retry_ms)


def jittered(milliseconds: int) -> int:
    """Between one and two times as long, so that clients do not come back all at once."""
    return int(milliseconds * random.uniform(1, 2))  # noqa: S311 - jitter
