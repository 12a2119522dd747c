"""The written part of docs/events.md: a table of the types, and the fields of each."""

from collections.abc import Iterator
from typing import Any

from events.catalogue import EventSchema, event_types, schema_for

BEGIN = "<!-- written by `manage.py document_events`: do not edit below -->"


def renewed(page: str) -> str:
    """The page with all that follows the marker written anew. Raises ValueError without one."""
    if BEGIN not in page:
        raise ValueError("The page has no marker of the written part.")
    return f"{page.partition(BEGIN)[0]}{BEGIN}\n\n{write_reference()}"


def write_reference() -> str:
    """Every event type, in Markdown."""
    schemas = [schema_for(name) for name in sorted(event_types())]
    rows = [_row(schema) for schema in schemas]
    table = ["| event type | audience | topics |", "|---|---|---|", *rows]
    parts = ["\n".join(table), *(_section(schema) for schema in schemas)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _row(schema: EventSchema) -> str:
    topics = ", ".join(f"`{topic}`" for topic in schema.topics)
    return f"| [`{schema.type}`](#{schema.type}) | {schema.audience} | {topics} |"


def _section(schema: EventSchema) -> str:
    document: Any = schema.document
    lines = [f"### {schema.type}", "", f"{document['description']}. Version {schema.version}.", ""]
    lines += ["| field | type | meaning |", "|---|---|---|", *_fields(document)]
    return "\n".join(lines)


def _fields(document: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, field in document.get("properties", {}).items():
        yield f"| `{prefix}{name}` | {_type(field)} | {_meaning(field)} |"
        yield from _fields(field, f"{prefix}{name}.")
        yield from _fields(field.get("items", {}), f"{prefix}{name}[].")


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(choice) for choice in field["anyOf"])
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    if "array" in kinds:
        return f"array of {_type(field['items'])}"
    found = " or ".join(kinds)
    return f"{found} ({field['format']})" if "format" in field else found


def _meaning(field: dict[str, Any]) -> str:
    described = field.get("items", {}).get("description", "")
    parts = [field.get("description", described)]
    parts += ["internal"] if field.get("x-internal") else []
    return "; ".join(filter(None, parts))
