"""A released version of an event type is a promise. Every kind of break is shown refused."""

import copy
import json
from typing import Any

import pytest

from events.catalogue import FOLDER, event_types, schema_for
from events.compatibility import RELEASED, breaking_changes, objections, released

OLD: dict[str, Any] = {
    "x-version": "1.0.0",
    "x-audience": "user",
    "x-topics": ["a", "b"],
    "type": "object",
    "required": ["name", "level"],
    "properties": {
        "name": {"type": "string", "description": "d"},
        "level": {"type": "integer", "minimum": 1},
        "kind": {"type": "string", "enum": ["x", "y"]},
        "parts": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}},
        "cause": {"type": "string", "x-internal": True},
    },
}  # fmt: skip


def edit(path: str, value: Any, *, version: str = "1.0.0") -> dict[str, Any]:
    """OLD with one place changed; None removes it."""
    new = copy.deepcopy(OLD)
    *way, last = path.split("/")
    place = new
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    new["x-version"] = version
    return new


BREAKS = {
    "removed": edit("properties/name", None),
    "retyped": edit("properties/level/type", "string"),
    "nullable": edit("properties/level/type", ["integer", "null"]),
    "newly required": edit("required", ["name", "level", "kind"]),
    "required and new": edit("required", ["name", "level", "new"]),
    "no longer required": edit("required", ["name"]),
    "narrowed enum": edit("properties/kind/enum", ["x"]),
    "new enum": edit("properties/name/enum", ["x"]),
    "constant": edit("properties/name/const", "x"),
    "audience": edit("x-audience", "admin"),
    "topic": edit("x-topics", ["a"]),
    "raised minimum": edit("properties/level/minimum", 2),
    "pattern": edit("properties/name/pattern", "^x"),
    "nested": edit("properties/parts/items/properties/id/type", "integer"),
    "nested removed": edit("properties/parts/items/properties/id", None),
    "internal becomes public": edit("properties/cause/x-internal", False),
    "public becomes internal": edit("properties/name/x-internal", True),
}


@pytest.mark.parametrize("event_type", sorted(event_types()))
def test_the_current_schema_keeps_what_was_released(event_type: str) -> None:
    current = json.loads((FOLDER / f"{event_type}.json").read_text())
    earlier = released(event_type)
    assert objections(current, earlier) == []
    versions = [document["x-version"] for document in earlier]
    assert current["x-version"] in versions, f"copy {event_type}.json into released/"
    assert len(versions) == len(set(versions))


def test_released_files_are_named_for_what_they_hold() -> None:
    for file in RELEASED.iterdir():
        document = json.loads(file.read_text())
        assert file.stem == f"{document['title']}-{document['x-version']}"
        assert schema_for(document["title"]), "a type that was released stays"


@pytest.mark.parametrize("kind", BREAKS)
def test_a_break_needs_a_new_first_number(kind: str) -> None:
    broken = BREAKS[kind]
    assert breaking_changes(OLD, broken)
    assert objections(broken, [OLD])
    assert objections({**broken, "x-version": "1.1.0"}, [OLD])
    assert objections({**broken, "x-version": "2.0.0"}, [OLD]) == []


def test_a_renamed_field_is_named() -> None:
    renamed = edit("properties/name", None)
    renamed["properties"]["title"] = {"type": "string"}
    assert objections(renamed, [OLD]) == ["$.name: removed"]


def test_a_harmless_change_needs_a_new_number_too() -> None:
    more = edit("properties/new", {"type": "string"})
    assert objections(more, [OLD]) == ["changed without a new version"]
    assert objections({**more, "x-version": "1.1.0"}, [OLD]) == []
    wider = edit("properties/kind/enum", ["x", "y", "z"], version="1.1.0")
    assert objections(wider, [OLD]) == []


def test_words_may_change_and_versions_do_not_go_back() -> None:
    assert objections(edit("properties/name/description", "other words"), [OLD]) == []
    assert objections({**OLD, "x-version": "0.9.0"}, [OLD]) == ["version 0.9.0 is older than 1.0.0"]
    assert objections(OLD, []) == []
