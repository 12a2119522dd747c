"""What the admin pages of every app share, and the one table of `core`."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.utils import flatten
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin
from unfold.decorators import display

from core.acting import acting, current_act
from core.confirming import ReasonForm
from core.filters import DayFilter
from core.models import IdempotencyKey

GOOD, RUNNING, WAITING, BAD = "success", "info", "warning", "danger"  # unfold's colours of labels


def coloured(field: str, colours: Mapping[Any, str]) -> Callable[[Any], tuple[str, str]]:
    """A column of a list: the choice of that field as a label in its colour, grey for others."""

    @display(description=field.replace("_", " "), ordering=field, label=defaultdict(str, colours))
    def shown(row: Any) -> tuple[str, str]:
        value = getattr(row, field)
        return value, str(value).replace("_", " ")

    column: Callable[[Any], tuple[str, str]] = shown
    return column


class BoundedPaginator(Paginator):
    """Counts no further than to `most`: a table of millions opens as fast as a short one.

    What lies behind the last page is found by search and filters.
    """

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.most].count())


class ShownOnly(ModelAdmin):
    """A list is asked about what its pages show: else `?password__startswith=` spells it out."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        if lookup.partition("__")[0] in self._unseen(request):
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def _unseen(self: Any, request: HttpRequest) -> set[str]:
        """Names of columns; what another table has is Django's to refuse."""
        filters = (
            it if isinstance(it, str) else it[0] if isinstance(it, tuple) else it.parameter_name
            for it in self.get_list_filter(request)
        )
        seen = {
            self.opts.pk.name,
            *flatten(self.get_fields(request)),
            *self.get_list_display(request),
            *filters,
        }
        own = {field.name for field in self.opts.concrete_fields if not field.is_relation}
        return own - seen


class LookOnly:
    """No adding, changing or deleting, whoever asks: for pages and inlines."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(LookOnly, ShownOnly):
    """A table to look at. What may be done to one row is also offered on its own page."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_fullwidth = True
    change_form_outer_before_template = "admin/row_actions.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        actions = self.get_actions(request).values()
        context["row_actions"] = [(name, said) for _, name, said in actions]
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page


class EditAdmin(ShownOnly):
    """A table that is edited. Whoever adds, changes or deletes a row says why."""

    form = ReasonForm
    paginator = BoundedPaginator
    show_full_result_count = False
    list_fullwidth = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [name for name in super().get_fields(request, obj) if name != "reason"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The reason comes last, and only where something can be changed."""
        fieldsets = list(super().get_fieldsets(request, obj))
        can_save = self.has_change_permission(request, obj) if obj else True
        return [*fieldsets, ("Why", {"fields": ["reason"]})] if can_save else fieldsets

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with acting(actor=f"user:{request.user.pk}", reason=_reason(request)):
            answer: HttpResponse = super().changeform_view(request, *args, **kwargs)
        return answer

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        reason = _reason(request)
        if request.method == "POST" and not reason and self.has_delete_permission(request):
            self.message_user(request, "Say why, and it is deleted.", messages.ERROR)
            return redirect(request.get_full_path())
        with acting(actor=f"user:{request.user.pk}", reason=reason):
            answer: HttpResponse = super().delete_view(request, object_id, extra_context)
        return answer

    def construct_change_message(
        self, request: HttpRequest, form: BaseForm, formsets: Any, add: bool = False
    ) -> str:
        """Which fields, in Django's words, and why."""
        form.changed_data.remove("reason")
        said = super().construct_change_message(request, form, formsets, add)
        words = LogEntry(change_message=json.dumps(said)).get_change_message()
        return f"{words} {current_act().reason}"

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Model]) -> Any:
        return LogEntry.objects.log_actions(
            user_id=str(request.user.pk),
            queryset=queryset,
            action_flag=DELETION,
            change_message=current_act().reason,
        )


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:150]


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Without the kept answer, which is the caller's own."""

    list_display = ["route", "scope", "key", "status_code", "created_at", "expires_at"]
    list_filter = [("status_code", admin.EmptyFieldListFilter), ("created_at", DayFilter)]
    search_fields = ["=scope", "=key", "route"]
    exclude = ["body", "claim"]
