"""Events as Kafka messages, and back.

The value is the envelope. Headers are CloudEvents in binary mode, with the log's position as
the extension `ce_position`, and the W3C `traceparent` made out of the correlation id.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from events.catalogue import InvalidEvent, schema_for
from events.envelope import SOURCE, service_envelope
from events.events import rfc3339
from events.kafka.client import LARGEST_MESSAGE, prefixed
from events.models import Event

EVENT_LOG = "nft-event-log"
_to_json = json.JSONEncoder(separators=(",", ":")).encode  # dumps() would make one each time
LARGEST_NUMBER = 2**63 - 1  # of a bigint
# What a stranger's JSON makes our parsing raise.
MALFORMED = (
    KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip


class Unreadable(Exception):
    """A message that is no event of ours; the text says why."""


class Received(Protocol):
    """What is used of confluent_kafka.Message."""

    def topic(self) -> str | None: ...
    def partition(self) -> int | None: ...
    def offset(self) -> int | None: ...
    def key(self) -> Any: ...
    def value(self) -> Any: ...
    def headers(self) -> Any: ...


@dataclass(frozen=True)
class Outgoing:
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, str | bytes | None]]


def messages_of(event: Event) -> Iterator[Outgoing]:
    """One for the event log and one for every documented topic of the event's type."""
    key = str(event.user_id or event.aggregate_id or event.event_id).encode()
    value = _to_json(service_envelope(event)).encode()
    headers = _headers(event)
    for topic in (EVENT_LOG, *schema_for(event.type).topics):
        yield Outgoing(prefixed(topic), key, value, headers)


def _headers(event: Event) -> list[tuple[str, str | bytes | None]]:
    headers: list[tuple[str, str | bytes | None]] = [
        ("ce_specversion", "1.0"),
        ("ce_id", str(event.event_id)),
        ("ce_type", event.type),
        ("ce_source", f"/{SOURCE}"),
        ("ce_time", rfc3339(event.created_at)),
        ("ce_position", str(event.place)),
        ("content-type", "application/json"),
        ("traceparent", traceparent(event)),
    ]
    if event.aggregate_id is not None:
        headers.append(("ce_aggregateid", str(event.aggregate_id)))
    return headers


def traceparent(event: Event) -> str:
    """`00-<trace>-<span>-01`; events of one correlation id share the trace."""
    try:
        trace = UUID(event.correlation_id).hex
    except ValueError:
        trace = hashlib.sha256(event.correlation_id.encode()).hexdigest()[:32]
    return f"00-{trace}-{event.event_id.hex[-16:]}-01"


def event_of(message: Received) -> Event:
    """The event that a message of `nft-event-log` carries, unsaved. Raises Unreadable."""
    envelope = _envelope(message)
    headers = {name: _text(value) for name, value in message.headers() or []}
    try:
        event = _event(envelope, headers)
    except MALFORMED as error:
        raise Unreadable(f"not our envelope: {type(error).__name__}: {error}") from None
    try:
        schema = schema_for(event.type)
        if event.version != schema.version:
            raise Unreadable(f"unknown version {event.version!r} of {event.type}")
        schema.check(event.data)
    except InvalidEvent as error:
        raise Unreadable(str(error)) from None
    except RecursionError:
        raise Unreadable(f"{event.type}: nested too deeply") from None
    event.audience = schema.audience
    return event


def _envelope(message: Received) -> dict[str, Any]:
    envelope = json_object(message.value())
    if not message.key():
        raise Unreadable("no key")
    return envelope


def json_object(value: bytes | None) -> dict[str, Any]:
    """The object in a message's value. Raises Unreadable."""
    if not value:
        raise Unreadable("no value")
    if len(value) > LARGEST_MESSAGE:
        raise Unreadable(f"{len(value)} bytes, more than {LARGEST_MESSAGE}")
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    if not isinstance(document, dict):
        raise Unreadable("not a JSON object")
    return document


def _event(envelope: Mapping[str, Any], headers: Mapping[str, str]) -> Event:
    user_id, aggregate_id = envelope["userId"], headers.get("ce_aggregateid")
    return Event(
        event_id=UUID(envelope["eventId"]),
        type=_string(envelope["eventType"]),
        version=_string(envelope["version"]),
        user_id=UUID(user_id) if user_id is not None else None,
        aggregate_id=UUID(aggregate_id) if aggregate_id else None,
        message=_string(envelope["message"]),
        data=envelope["data"],
        correlation_id=_string(envelope["correlationId"]),
        created_at=_moment(envelope["timestamp"]),
        position=_number(headers["ce_position"]),
        sequence=None if envelope["sequence"] is None else _number(envelope["sequence"]),
    )


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is something else")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment


def _number(value: str | int) -> int:
    """A position or sequence. Raises ValueError when no row could have it."""
    if not 0 < int(value) <= LARGEST_NUMBER:
        raise ValueError(f"there is no place {value}")
    return int(value)


def _text(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""
