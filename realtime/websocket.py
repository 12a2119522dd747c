"""WebSocket on the wire: every message is one text frame of JSON.

Events are the bare envelopes: their `sequence` is the resume point. What server-sent events say
outside their data is said inside: `after` (the point to resume from) and `retry` (in ms).
"""

import json
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from events.events import rfc3339
from realtime import messages
from realtime.transports import Asgi, NotOurs
from realtime.wire import FeedEvent, dump

LONGEST_TEXT = 1024  # of a client's message, in characters

# 40xx: come back after `retry` and resume. 41xx: not by itself. 44xx: mend the client first.
CLOSE_CODES = {
    "shutdown": 4000,
    "too_slow": 4001,
    "evicted": 4002,
    "gap": 4003,
    "log_restored": 4004,
    "superseded": 4100,
    "expired": 4101,
    "signed_out": 4102,
    "complete": 1000,
    "bad_message": 4400,
    "message_too_large": 1009,  # what servers say that see it before we do
}


class WebSocket:
    name = "websocket"
    closes_with_handshake = True

    def established(self, *, user_id: str, head: int, resume_at: int | None, now: datetime) -> str:
        point = {} if resume_at is None else {"after": resume_at}
        message = messages.established(user_id=user_id, head=head, now=now)
        return dump(message | point | {"retry": settings.STREAM_RETRY_MS})

    def event(self, number: int, event: FeedEvent) -> str:
        return event.envelope

    def reset(self, *, head: int, snapshot: str) -> str:
        return dump(messages.reset(head=head, snapshot=snapshot))

    def heartbeat(self, *, now: datetime) -> str:
        return dump(messages.heartbeat(now=now))

    def superseded(self, *, sequence: int, now: datetime) -> str:
        return dump(messages.superseded(now=now))

    def closing(self, *, reason: str, now: datetime) -> str:
        retry_ms = messages.jittered(settings.STREAM_RETRY_MS)
        return dump(messages.closing(reason=reason, now=now) | {"retry": retry_ms})

    def write(self, frame: str) -> Asgi:
        return {"type": "websocket.send", "text": frame}

    def write_all(self, frames: Sequence[str]) -> list[Asgi]:
        return [self.write(frame) for frame in frames if frame]

    def finish(self, frames: Sequence[str], *, reason: str) -> list[Asgi]:
        close = {"type": "websocket.close", "code": CLOSE_CODES[reason], "reason": reason}
        return [*self.write_all(frames), close]

    def reply(self, message: Asgi, *, now: datetime) -> str | None:
        """`{"type": "ping"}` is answered, because browsers cannot send a WebSocket's own ping."""
        if message["type"] != "websocket.receive":
            return None
        if not _is_ping(message.get("text")):
            raise NotOurs("bad_message")
        return dump({"type": "pong", "serverTime": rfc3339(now)})


WEBSOCKET = WebSocket()


def _is_ping(text: str | None) -> bool:
    """Raises NotOurs for a text that is too large to look at."""
    if text is None:
        return False
    if len(text) > LONGEST_TEXT:
        raise NotOurs("message_too_large")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("type") == "ping"
