"""The base of every fact that an app publishes."""

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID


@dataclasses.dataclass(frozen=True, kw_only=True)
class DomainEvent:
    """A fact, in the past tense. Subclasses add fields; those become the event's `data`.

    `event_type` names the JSON Schema in `events/schemas/`, which also says the audience.
    `user_id` is whom it concerns; `aggregate_id` orders events that concern no user.
    """

    event_type: ClassVar[str]

    user_id: UUID | None = None
    aggregate_id: UUID | None = None

    def message(self) -> str:
        """One sentence for a person."""
        raise NotImplementedError

    def data(self) -> dict[str, Any]:
        """The payload: camelCase names and JSON values."""
        own = (
            f.name for f in dataclasses.fields(self) if f.name not in {"user_id", "aggregate_id"}
        )
        return {camel(name): plain(getattr(self, name)) for name in own}


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.title() for word in tail)


def plain(value: Any) -> Any:
    """A JSON value: decimals as strings, times as RFC 3339 UTC, nested dataclasses as objects.

    A dict keeps its keys as they are (`error_code` stays `error_code`).
    """
    if dataclasses.is_dataclass(value):
        return {camel(f.name): plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return value


def to_the_millisecond(moment: datetime) -> datetime:
    """As the envelope has it, so that both buses make the same rows."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def rfc3339(moment: datetime) -> str:
    """UTC with milliseconds: `2026-01-01T00:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
