"""The auditor's pages: everything to see, nothing to change; looking is recorded as well."""

import io
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from audit.models import (
    Anchor,
    AnchorStatus,
    ChainTransaction,
    Checkpoint,
    Chunk,
    ErasedPerson,
    Head,
    LegalHold,
    Pending,
    Record,
)
from audit.noting import note_access
from audit.services.exporting import export_bundle
from audit.services.timeline import KINDS, Entry, records_of, timeline
from core.admin import GOOD, WAITING, ReadOnlyAdmin, coloured
from core.errors import DomainError, InvalidInput
from core.filters import DayFilter, one_of

STATUS = coloured("status", {AnchorStatus.WAITING: WAITING, AnchorStatus.FINALIZED: GOOD})


class TimelineForm(forms.Form):
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS], label="Of one")
    value = forms.CharField(max_length=64, label="Id")


class ProofForm(forms.Form):
    """What to prove: one record by its index, or the records of a timeline.

    `seen` is the size of a checkpoint that the reader holds.
    """

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in ("record", *KINDS)])
    value = forms.CharField(max_length=64)
    seen = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def chosen(self) -> Q:
        """Raises InvalidInput for no id."""
        kind, value = self.cleaned_data["kind"], self.cleaned_data["value"]
        if kind == "record":
            return Q(index=int(value) if value.isdecimal() else -1)
        return records_of(kind=kind, value=value)


class WatchedAdmin(ReadOnlyAdmin):
    """That somebody looked is recorded: the list with what was asked for, a row with its key."""

    list_seen: str
    row_seen: str

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        note_access(self.list_seen, about={"filters": sorted(request.GET)})
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        note_access(self.row_seen, about={"index": object_id})
        return response


@admin.register(Record)
class RecordAdmin(WatchedAdmin):
    list_seen, row_seen = "audit.list_seen", "audit.record_seen"
    list_display = ("index", "at", "what", "object", "actor", "origin", "reason", "correlation")
    list_filter = (one_of("source", lambda: ("row", "event", "audit")), ("at", DayFilter))
    search_fields = ("=object", "=actor", "=correlation", "=subject")
    search_help_text = "An object (table:id), an actor (user:id), a correlation id or a user's id"
    ordering = ("-index",)
    exclude = ("salts", "commitments")
    readonly_fields = ("leaf_hash",)
    change_list_template = "admin/audit/record/change_list.html"
    change_form_outer_after_template = "admin/audit/record/proof.html"

    @admin.display(description="Leaf")
    def leaf_hash(self, record: Record) -> str:
        return bytes(record.leaf).hex()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [name for name in super().get_fields(request, obj) if name != "leaf"]

    def get_urls(self) -> list[URLPattern]:
        timeline_page, proof = map(self.admin_site.admin_view, (self.timeline_page, self.proof))
        return [
            path("timeline/", timeline_page, name="audit_timeline"),
            path("proof/", proof, name="audit_proof"),
            *super().get_urls(),
        ]

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

    @method_decorator(require_POST)
    def proof(self, request: HttpRequest) -> HttpResponse:
        """The records with their proofs, as `audit export` writes them; it is recorded."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form, out = ProofForm(request.POST), io.StringIO()
        try:
            if not form.is_valid():
                raise InvalidInput("PROOF_OF_WHAT", "Say which records.")
            _export(form, out)
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:audit_timeline"))
        file = HttpResponse(out.getvalue(), content_type="application/jsonl; charset=utf-8")
        file["Content-Disposition"] = 'attachment; filename="proof.jsonl"'
        return file


def _export(form: ProofForm, out: io.StringIO) -> None:
    """A person's id would outlive their erasure in the record of the export."""
    said = form.cleaned_data
    names = ("kind",) if said["kind"] == "user" else ("kind", "value")
    export_bundle(
        out=out, chosen=form.chosen(), about={name: said[name] for name in names},
        now=timezone.now(), seen=[said["seen"]] if said["seen"] else [],
    )  # fmt: skip


def _note_timeline(*, kind: str, value: str) -> None:
    """A person's id stands where erasing them erases it."""
    subject = str(UUID(value)) if kind == "user" else None
    about = {"kind": kind} if subject else {"kind": kind, "value": value}
    note_access("audit.timeline_seen", about=about, subject=subject)


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ("size", "root_hash", "signed_at")
    list_filter = (("signed_at", DayFilter),)
    ordering = ("-size",)
    exclude = ("root",)
    readonly_fields = ("root_hash",)

    @admin.display(description="Root")
    def root_hash(self, checkpoint: Checkpoint) -> str:
        return bytes(checkpoint.root).hex()


@admin.register(Anchor)
class AnchorAdmin(ReadOnlyAdmin):
    list_display = ("size", STATUS, "signature", "slot", "created_at", "finalized_at")
    list_filter = ("status", ("created_at", DayFilter))
    search_fields = ("signature",)
    ordering = ("-size",)


@admin.register(ChainTransaction)
class ChainTransactionAdmin(WatchedAdmin):
    list_seen, row_seen = "audit.transactions_seen", "audit.transaction_seen"
    list_display = (
        "at", "purpose", "signature", "object", "signer", "fee_lamports", "failed", "request_id",
    )  # fmt: skip
    list_filter = ("purpose", "failed", ("at", DayFilter))
    search_fields = ("=signature", "=object", "=request_id", "=user_id", "=correlation_id")
    ordering = ("-at",)


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    """Placed and released by `manage.py audit hold` and `release`."""

    list_display = ("scope", "value", "reason", "placed_by", "placed_at", "released_at")
    list_filter = ("scope", ("released_at", admin.EmptyFieldListFilter), ("placed_at", DayFilter))
    search_fields = ("value", "reason")


@admin.register(ErasedPerson)
class ErasedPersonAdmin(ReadOnlyAdmin):
    """Erased by `manage.py erase_person`."""

    list_display = ("user_id", "erased_at")
    list_filter = (("erased_at", DayFilter),)
    search_fields = ("=user_id",)
    ordering = ("-erased_at",)


@admin.register(Pending)
class PendingAdmin(ReadOnlyAdmin):
    """What waits for its record; without its content, which is seen where looking is recorded."""

    list_display = ("id", "noted_at")
    exclude = ("noted",)
    ordering = ("id",)


@admin.register(Head)
class HeadAdmin(ReadOnlyAdmin):
    list_display = ("size",)
    exclude = ("frontier",)


@admin.register(Chunk)
class ChunkAdmin(ReadOnlyAdmin):
    list_display = ("index",)
    exclude = ("hash",)
    ordering = ("-index",)
