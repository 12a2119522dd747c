"""An event on its way to the browsers, and its form on the Redis channel.

A message is one line of JSON with what routes the event, then the envelope as it goes out:
the hub never parses or builds an envelope, it only passes the text on.
"""

import json
from dataclasses import dataclass

from events.envelope import browser_envelope
from events.models import Audience, Event


@dataclass(frozen=True, slots=True)
class FeedEvent:
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
    route = {
        "position": event.position,
        "previous": event.position - 1,  # positions have no gap
        "type": event.type,
        "audience": event.audience,
        "userId": event.user_id,
        "sequence": event.sequence,
        "upgradeRequestId": event.upgrade_id,
    }
    return f"{dump(route)}\n{event.envelope}".encode()


def encode_head(position: int) -> bytes:
    return dump({"head": position}).encode()


def decode(message: bytes) -> FeedEvent | Head:
    """Raises Unreadable."""
    route_text, _, envelope = message.partition(b"\n")
    try:
        route = json.loads(route_text)
        if "head" in route:
            return Head(int(route["head"]))
        return FeedEvent(
            position=int(route["position"]),
            type=route["type"],
            audience=route["audience"],
            user_id=route["userId"],
            sequence=route["sequence"],
            upgrade_id=route["upgradeRequestId"],
            envelope=envelope.decode(),
        )
    except (ValueError, KeyError, TypeError):
        raise Unreadable from None
