"""The JSON Schemas of `events/schemas/`, one file per event type.

A file is the schema of `data` and carries the type's version (`x-version`), its audience
(`x-audience`) and the Kafka topics it is copied to (`x-topics`).
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parent / "schemas"


class InvalidEvent(Exception):
    """An event breaks its schema, or has none: a mistake in our code, not in the input."""


@dataclass(frozen=True)
class EventSchema:
    type: str
    version: str
    audience: str
    topics: tuple[str, ...]
    document: dict[str, Any]
    quick: jsonschema_rs.Draft202012Validator
    """In Rust. What it does not find valid, `validator` judges and explains."""

    @cached_property
    def validator(self) -> "Draft202012Validator":
        # Not before it is needed: importing it takes every process seconds, for its formats.
        from jsonschema import Draft202012Validator, FormatChecker

        return Draft202012Validator(self.document, format_checker=FormatChecker())

    def check(self, data: dict[str, Any]) -> None:
        """Raises InvalidEvent, naming the field."""
        with suppress(ValueError):  # what is no JSON is named below
            if self.quick.is_valid(data):
                return
        for error in self.validator.iter_errors(data):
            raise InvalidEvent(f"{self.type}: {error.json_path}: {error.message}")

    def public_part(self, data: dict[str, Any]) -> dict[str, Any]:
        """What a browser may see: fields that the schema knows and does not mark internal."""
        public: dict[str, Any] = _public(self.document, data)
        return public


def _public(schema: Any, value: Any) -> Any:
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return {
            name: _public(known[name], item)
            for name, item in value.items()
            if name in known and not known[name].get("x-internal", False)
        }
    if isinstance(value, list):
        return [_public(schema.get("items", {}), item) for item in value]
    return value


@cache
def event_types() -> frozenset[str]:
    """Every type that has a schema."""
    return frozenset(path.stem for path in FOLDER.glob("*.json"))


@cache
def schema_for(event_type: str) -> EventSchema:
    """Raises InvalidEvent for a type without a schema."""
    # Looked up by name, never by path: from Kafka a type may be anything.
    if event_type not in event_types():
        raise InvalidEvent(f"There is no schema for {event_type[:64]!r}")
    document = json.loads((FOLDER / f"{event_type}.json").read_text())
    return EventSchema(
        type=event_type,
        version=document["x-version"],
        audience=document["x-audience"],
        topics=tuple(document["x-topics"]),
        document=document,
        quick=jsonschema_rs.Draft202012Validator(document, validate_formats=True),
    )
