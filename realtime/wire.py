"""An event on its way to the browsers, and its form on the Redis channel.

A message is one line of words with what routes the event, then the envelope as it goes out: the
hub never parses or builds an envelope, it only passes the text on. Words and not JSON, because
every server process reads the line of every event, and most have nobody to pass it on to.
"""

import json
from dataclasses import dataclass
from typing import NamedTuple

from events.envelope import browser_envelope
from events.models import Audience, Event

NONE = "-"


class FeedEvent(NamedTuple):
    """`position` is global; `sequence` is the user's own and None unless the audience is `user`.

    `envelope` is the JSON text that a browser receives, empty for audience `internal`.
    """

    position: int
    type: str
    audience: str
    user_id: str | None
    sequence: int | None
    upgrade_id: str | None
    envelope: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last position that the log has, pushed every second."""

    position: int


class Unreadable(Exception):
    """A message on our channel that we did not write."""


def from_row(event: Event) -> FeedEvent:
    """A numbered row as a feed event, without what browsers may not see."""
    internal = event.audience == Audience.INTERNAL
    return FeedEvent(
        position=event.position or 0,
        type=event.type,
        audience=event.audience,
        user_id=str(event.user_id) if event.user_id else None,
        sequence=event.sequence,
        upgrade_id=event.data.get("upgradeRequestId"),
        envelope="" if internal else dump(browser_envelope(event)),
    )


def dump(value: object) -> str:
    """JSON on one line, as short as it gets."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def encode_event(event: FeedEvent) -> bytes:
    route = (
        event.position,
        event.position - 1,  # the one before it: positions have no gap
        event.type,
        event.audience,
        event.user_id or NONE,
        NONE if event.sequence is None else event.sequence,
        event.upgrade_id or NONE,
    )
    return f"{' '.join(map(str, route))}\n{event.envelope}".encode()


def encode_head(position: int) -> bytes:
    return f"head {position}".encode()


def decode(message: bytes) -> FeedEvent | Head:
    """Raises Unreadable."""
    try:
        route, _, envelope = message.decode().partition("\n")
        words = route.split(" ")
        if words[0] == "head":
            return Head(int(words[1]))
        position, _, event_type, audience, user_id, sequence, upgrade_id = words
        return FeedEvent(
            int(position),
            event_type,
            audience,
            None if user_id == NONE else user_id,
            None if sequence == NONE else int(sequence),
            None if upgrade_id == NONE else upgrade_id,
            envelope,
        )
    except (ValueError, IndexError):
        raise Unreadable from None
