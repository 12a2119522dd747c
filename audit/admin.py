"""The auditor's pages: everything to see, nothing to change; looking is recorded as well."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from audit.models import (
    Anchor,
    ChainTransaction,
    Checkpoint,
    Chunk,
    Head,
    LegalHold,
    Pending,
    Record,
)
from audit.noting import note_access
from audit.services.timeline import KINDS, Entry, timeline
from core.admin import ReadOnlyAdmin
from core.errors import DomainError


class TimelineForm(forms.Form):
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS], label="Of one")
    value = forms.CharField(max_length=64, label="Id")


@admin.register(Record)
class RecordAdmin(ReadOnlyAdmin):
    list_display = ("index", "at", "what", "object", "actor", "origin", "reason", "correlation")
    list_filter = ("source",)
    search_fields = ("=object", "=actor", "=correlation", "=subject")
    search_help_text = "An object (table:id), an actor (user:id), a correlation id or a user's id"
    ordering = ("-index",)
    exclude = ("salts", "commitments")
    readonly_fields = ("leaf_hash",)
    show_full_result_count = False
    change_list_template = "admin/audit/record/change_list.html"

    @admin.display(description="Leaf")
    def leaf_hash(self, record: Record) -> str:
        return bytes(record.leaf).hex()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [name for name in super().get_fields(request, obj) if name != "leaf"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        note_access("audit.list_seen", about={"filters": sorted(request.GET)})
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        note_access("audit.record_seen", about={"index": object_id})
        return response

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.timeline_page)
        return [path("timeline/", page, name="audit_timeline"), *super().get_urls()]

    @method_decorator(require_safe)
    def timeline_page(self, request: HttpRequest) -> HttpResponse:
        """`?kind=correlation&value=…`; without them the form."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = TimelineForm(request.GET or None)
        entries: list[Entry] = []
        if form.is_valid():
            try:
                entries = timeline(**form.cleaned_data)
            except DomainError as error:
                form.add_error("value", error.message)
            else:
                _note_timeline(**form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            "title": "Timeline",
            "form": form,
            "entries": entries,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/audit/record/timeline.html", context)


def _note_timeline(*, kind: str, value: str) -> None:
    """A person's id stands where erasing them erases it."""
    subject = value if kind == "user" else None
    about = {"kind": kind} if subject else {"kind": kind, "value": value}
    note_access("audit.timeline_seen", about=about, subject=subject)


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ("size", "root_hash", "signed_at")
    ordering = ("-size",)
    exclude = ("root",)
    readonly_fields = ("root_hash",)

    @admin.display(description="Root")
    def root_hash(self, checkpoint: Checkpoint) -> str:
        return bytes(checkpoint.root).hex()


@admin.register(Anchor)
class AnchorAdmin(ReadOnlyAdmin):
    list_display = ("size", "status", "signature", "slot", "created_at", "finalized_at")
    list_filter = ("status",)
    search_fields = ("signature",)
    ordering = ("-size",)


@admin.register(ChainTransaction)
class ChainTransactionAdmin(ReadOnlyAdmin):
    list_display = ("at", "purpose", "signature", "object", "signer", "fee_lamports", "request_id")
    list_filter = ("purpose",)
    search_fields = ("=signature", "=object", "=request_id", "=user_id", "=correlation_id")
    ordering = ("-at",)
    date_hierarchy = "at"
    show_full_result_count = False


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    """Placed and released by `manage.py audit hold` and `release`."""

    list_display = ("scope", "value", "reason", "placed_by", "placed_at", "released_at")
    list_filter = ("scope", ("released_at", admin.EmptyFieldListFilter))
    search_fields = ("value", "reason")


@admin.register(Pending)
class PendingAdmin(ReadOnlyAdmin):
    """What waits for its record; without its content, which is seen where looking is recorded."""

    list_display = ("id", "noted_at")
    exclude = ("noted",)
    ordering = ("id",)
    show_full_result_count = False


@admin.register(Head)
class HeadAdmin(ReadOnlyAdmin):
    list_display = ("size",)
    exclude = ("frontier",)


@admin.register(Chunk)
class ChunkAdmin(ReadOnlyAdmin):
    list_display = ("index",)
    exclude = ("hash",)
    ordering = ("-index",)
