"""Filters for the lists of the admin that cost the same however long a list is."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db.models import DateTimeField, Model, QuerySet
from django.http import HttpRequest


class DayFilter(admin.FieldListFilter):
    """From one day to another, both included; of times, the days of UTC."""

    template = "admin/filters/days.html"

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: dict[str, Any],
        model: type[Model],
        model_admin: Any,
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        self.kept = [
            (name, value)
            for name, value in request.GET.items()
            if name not in (PAGE_VAR, *self.expected_parameters())
        ]

    def expected_parameters(self) -> list[str | None]:
        return [f"{self.field_path}_from", f"{self.field_path}_to"]

    def has_output(self) -> bool:
        return True

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        first, last = (_day(self._typed(name)) for name in self.expected_parameters())
        if first:
            rows = rows.filter(**{f"{self.field_path}__gte": self._start(first)})
        if last:
            rows = rows.filter(**{f"{self.field_path}__lt": self._start(last + timedelta(days=1))})
        return rows

    def choices(self, _changelist: ChangeList) -> Iterator[Any]:
        names = zip(("From", "To"), self.expected_parameters(), strict=True)
        yield {
            "days": [(label, name, self._typed(name)) for label, name in names],
            "kept": self.kept,
        }

    def _typed(self, name: str | None) -> str:
        typed: Any = self.used_parameters.get(name or "", [""])
        return str(typed[-1])

    def _start(self, day: date) -> date:
        of_times = isinstance(self.field, DateTimeField)
        return datetime.combine(day, time(), UTC) if of_times else day


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def one_of(
    field: str, values: Callable[[], Iterable[object]], *, title: str = ""
) -> type[admin.SimpleListFilter]:
    """The values that are known, instead of those that a walk through the whole table finds."""

    class KnownValues(admin.SimpleListFilter):
        parameter_name = field

        def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
            return [(str(value), str(value).replace("_", " ")) for value in values()]

        def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
            chosen = {value for value, _ in self.lookup_choices}
            return rows.filter(**{field: self.value()}) if self.value() in chosen else rows

    KnownValues.title = title or field.replace("_", " ")
    return KnownValues
