"""Texts with `$names` in them, filled with plain strings and nothing else.

`string.Template` looks names up in a mapping: no attributes, no calls, no formats. So a text
that an operator wrote cannot reach more than the values it is given.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from string import Template
from typing import Any
from urllib.parse import quote

from notifications.kinds import DEFAULT_LANGUAGE, Kind

AMOUNTS = {"milestone"}  # placeholders that are US dollars, a decimal string
NONE = {"en": "none", "de": "keine"}  # of what is listed
UNKNOWN = "-"


@dataclass(frozen=True)
class Wording:
    """What a person reads; `link` is a path of our site."""

    title: str
    message: str
    link: str


def complaints(text: str, allowed: Collection[str]) -> list[str]:
    """Why this text cannot be used, for the operator who wrote it; [] when it can."""
    template = Template(text)
    if not template.is_valid():
        return ["Write $$ for a dollar sign; a name looks like $badgeName or ${badgeName}."]
    unknown = [name for name in template.get_identifiers() if name not in allowed]
    known = ", ".join(f"${name}" for name in sorted(allowed)) or "none"
    return [f"There is no ${name} here. Known: {known}." for name in unknown]


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text that was not checked, as after a downgrade, keeps the names that it cannot fill."""
    return Template(text).safe_substitute(values)


def word(*, title: str, message: str, link: str, values: Mapping[str, str]) -> Wording:
    quoted = {name: quote(value, safe="") for name, value in values.items()}
    return Wording(
        title=fill(title, values)[:120],
        message=fill(message, values)[:500],
        link=fill(link, quoted)[:300],
    )


def values_of(kind: Kind, data: Mapping[str, Any], language: str) -> dict[str, str]:
    """What the kind's placeholders stand for in this event's data."""
    return {
        name: _plain(name, _dig(data, placeholder.path), language)
        for name, placeholder in kind.placeholders.items()
    }


def samples_of(kind: Kind) -> dict[str, str]:
    return {name: placeholder.sample for name, placeholder in kind.placeholders.items()}


def _dig(data: Mapping[str, Any], path: str) -> Any:
    found: Any = data
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _plain(name: str, value: Any, language: str) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or NONE.get(language, NONE[DEFAULT_LANGUAGE])
    if value is None:
        return UNKNOWN
    return _amount(value) if name in AMOUNTS else str(value)


def _amount(value: Any) -> str:
    """Thousands apart by a narrow space, which reads the same in every language."""
    try:
        return f"{Decimal(str(value)):,f}".replace(",", "\u202f")
    except InvalidOperation:
        return str(value)
