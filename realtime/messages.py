"""The control messages of a feed, the same on every transport."""

import random
from datetime import datetime
from typing import Any

from events.events import rfc3339

Content = dict[str, Any]


def established(*, user_id: str, head: int, now: datetime) -> Content:
    return {
        "type": "connection_established",
        "userId": user_id,
        "timestamp": rfc3339(now),
        "message": "Connected to your NFT events.",
        "sequence": head,
    }


def reset(*, head: int, snapshot: str) -> Content:
    """Too far behind: read the snapshot, then go on from `head`."""
    return {"type": "reset", "sequence": head, "snapshot": snapshot}


def heartbeat(*, now: datetime) -> Content:
    return {"type": "heartbeat", "timestamp": rfc3339(now), "serverTime": rfc3339(now)}


def superseded(*, now: datetime) -> Content:
    return {"type": "superseded", "timestamp": rfc3339(now)}


def closing(*, reason: str, now: datetime) -> Content:
    """The server ends the stream; the client comes back and resumes."""
    return {"type": "closing", "reason": reason, "timestamp": rfc3339(now)}


def jittered(milliseconds: int) -> int:
    """Between one and two times as long, so that clients do not come back all at once."""
    return int(milliseconds * random.uniform(1, 2))  # noqa: S311 - jitter
