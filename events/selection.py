"""Which events of the log are read again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from core.errors import InvalidInput
from events.catalogue import event_types
from events.models import Event

Edge = int | datetime | None


@dataclass(frozen=True)
class Selection:
    """From and to are included: positions, or times of publication. None and empty: all."""

    start: Edge = None
    end: Edge = None
    types: frozenset[str] = frozenset()
    user_id: UUID | None = None

    @property
    def is_everything(self) -> bool:
        return self == Selection()

    def batch(
        self, after: int, up_to: int, limit: int, types: Collection[str] | None = None
    ) -> list[Event]:
        """The next events between these positions; `types` are the group's, None for all."""
        found = Event.objects.after_position(after).filter(self._condition(), position__lte=up_to)
        return list((found if types is None else found.filter(type__in=types))[:limit])

    def _condition(self) -> Q:
        condition = _edge(self.start, "gte") & _edge(self.end, "lte")
        if self.types:
            condition &= Q(type__in=self.types)
        if self.user_id is not None:
            condition &= Q(user_id=self.user_id)
        return condition


def _edge(value: Edge, comparison: str) -> Q:
    if value is None:
        return Q()
    column = "position" if isinstance(value, int) else "created_at"
    return Q(**{f"{column}__{comparison}": value})


def selection_of(*, start: str, end: str, types: Collection[str], user: str) -> Selection:
    """From what an operator typed; empty means all. Raises InvalidInput."""
    unknown = sorted(set(types) - event_types())
    if unknown:
        raise InvalidInput("UNKNOWN_TYPE", f"There is no event type {', '.join(unknown)}.")
    return Selection(
        start=_parse_edge(start),
        end=_parse_edge(end),
        types=frozenset(types),
        user_id=_parse_user(user),
    )


def _parse_edge(text: str) -> Edge:
    if not text:
        return None
    if text.isdecimal():
        return int(text)
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput(
            "INVALID_EDGE", f"{text!r} is neither a position nor a time like 2026-01-01T00:00:00Z."
        )
    return moment


def _parse_user(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInput("INVALID_USER", f"{text!r} is not a user's id.") from None
