"""What a new version of an event may change, and what would break those who read it.

Readers include ourselves: events of every released version stay in the log and are replayed.
"""

import json
from typing import Any

from events.catalogue import FOLDER

RELEASED = FOLDER / "released"  # one file per type and version, never changed
WORDS = {"description", "title", "$comment", "examples", "x-version"}
Schema = dict[str, Any]


def version_of(document: Schema) -> tuple[int, ...]:
    """`1.2.0` as numbers: a break raises the first, anything else that changes another."""
    return tuple(int(part) for part in document["x-version"].split("."))


def released(event_type: str) -> list[Schema]:
    """Every released version of the type, oldest first."""
    files = RELEASED.glob(f"{event_type}-*.json")
    return sorted((json.loads(file.read_text()) for file in files), key=version_of)


def objections(current: Schema, earlier: list[Schema]) -> list[str]:
    """Why this schema cannot be the current one beside the released ones; [] when it can."""
    if not earlier:
        return []
    last = earlier[-1]
    before, now = version_of(last), version_of(current)
    if now < before:
        return [f"version {current['x-version']} is older than {last['x-version']}"]
    if now == before:
        changed = contract(current) != contract(last)
        breaks = breaking_changes(last, current)
        return breaks or (["changed without a new version"] if changed else [])
    return breaking_changes(last, current) if now[0] == before[0] else []


def contract(schema: Any) -> Any:
    """The schema without what only people read."""
    if isinstance(schema, dict):
        return {
            key: {name: contract(field) for name, field in value.items()}
            if key == "properties"
            else contract(value)
            for key, value in schema.items()
            if key not in WORDS
        }
    return [contract(item) for item in schema] if isinstance(schema, list) else schema


def breaking_changes(old: Schema, new: Schema, path: str = "$") -> list[str]:
    """What a reader of `old` could not cope with, each with the path of the field."""
    found = [*_envelope_breaks(old, new), *_value_breaks(old, new, path)]
    fields_before, fields_now = old.get("properties", {}), new.get("properties", {})
    found += [f"{path}.{name}: removed" for name in sorted(set(fields_before) - set(fields_now))]
    for name in sorted(set(fields_before) & set(fields_now)):
        found += breaking_changes(fields_before[name], fields_now[name], f"{path}.{name}")
    if "items" in old and "items" in new:
        found += breaking_changes(old["items"], new["items"], f"{path}[]")
    return found + _required_breaks(old, new, path)


def _envelope_breaks(old: Schema, new: Schema) -> list[str]:
    found = []
    if old.get("x-audience") != new.get("x-audience"):
        found.append(f"audience: {old.get('x-audience')} became {new.get('x-audience')}")
    lost = set(old.get("x-topics", [])) - set(new.get("x-topics", []))
    return found + [f"topic {topic}: no longer written" for topic in sorted(lost)]


def _value_breaks(old: Schema, new: Schema, path: str) -> list[str]:
    found = []
    if _types(old) != _types(new):
        found.append(f"{path}: type {_types(old)} became {_types(new)}")
    if old.get("x-internal", False) != new.get("x-internal", False):
        found.append(f"{path}: seen by other readers than before")
    lost = [value for value in old.get("enum", []) if value not in new.get("enum", [value])]
    if lost or ("enum" in new and "enum" not in old):
        found.append(f"{path}: fewer values are allowed")
    if old.get("const") != new.get("const"):
        found.append(f"{path}: another constant")
    return found + [
        f"{path}: {rule} became {new[rule]}"
        for rule in ("pattern", "format", "minimum", "maximum", "minLength", "maxLength")
        if rule in new and old.get(rule) != new[rule]
    ]


def _types(schema: Schema) -> list[str]:
    found = schema.get("type", [])
    return sorted([found] if isinstance(found, str) else found)


def _required_breaks(old: Schema, new: Schema, path: str) -> list[str]:
    before, now = set(old.get("required", [])), set(new.get("required", []))
    kept = set(old.get("properties", {})) & set(new.get("properties", {}))
    return [
        *(f"{path}.{name}: newly required" for name in sorted(now - before)),
        *(f"{path}.{name}: no longer always there" for name in sorted((before - now) & kept)),
    ]
