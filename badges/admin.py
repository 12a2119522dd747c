"""Badges in the admin: definitions are edited, held badges only awarded and revoked."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import ForeignKey, QuerySet, URLField
from django.forms import ModelChoiceField, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline

from badges.bulk import award_from_csv
from badges.forms import AwardForm, CsvForm, RevokeForm, report_rows
from badges.models import BadgeDefinition, BadgeStatus, BadgeStatusHistory, EarnedBadge
from badges.services import award_badge, revoke_badge
from core.admin import (
    BAD,
    GOOD,
    RUNNING,
    WAITING,
    BoundedPaginator,
    EditAdmin,
    LookOnly,
    ReadOnlyAdmin,
    coloured,
)
from core.confirming import acting_as, confirmed
from core.errors import DomainError
from core.filters import DayFilter
from core.spreadsheets import csv_file

COLOURS = {
    BadgeStatus.EARNED: WAITING,
    BadgeStatus.ACTIVATED: GOOD,
    BadgeStatus.RESERVED: RUNNING,
    BadgeStatus.REVOKED: BAD,
}


@admin.register(BadgeDefinition)
class BadgeDefinitionAdmin(EditAdmin):
    list_display = ["slug", "name", "required_for_tier", "is_active", "position"]
    list_filter = ["is_active", "required_for_tier"]
    search_fields = ["slug", "name"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def get_readonly_fields(
        self, request: HttpRequest, obj: BadgeDefinition | None = None
    ) -> list[str]:
        # Events and frozen requests name a badge by its slug.
        return ["slug"] if obj else []

    def has_delete_permission(
        self, request: HttpRequest, obj: BadgeDefinition | None = None
    ) -> bool:
        return False  # tiers and rules would silently ask for less; `is_active` retires it


class HistoryInline(LookOnly, TabularInline):
    model = BadgeStatusHistory
    extra = 0


@admin.register(BadgeStatusHistory)
class BadgeStatusHistoryAdmin(ReadOnlyAdmin):
    list_display = ["at", "badge", "from_status", coloured("to_status", COLOURS), "reason"]
    search_fields = ["badge__user__wallet_address", "reason"]
    list_filter = ["to_status", ("at", DayFilter)]
    list_select_related = ["badge"]
    ordering = ["-id"]


@admin.register(EarnedBadge)
class EarnedBadgeAdmin(ModelAdmin):
    """“Add” awards, the action revokes; nothing else changes a badge by hand."""

    form = AwardForm
    paginator = BoundedPaginator
    show_full_result_count = False
    list_fullwidth = True
    list_display = [
        "definition",
        coloured("status", COLOURS),
        "earned_at",
        "user",
        "reserved_for",
    ]
    list_filter = ["status", "definition", ("earned_at", DayFilter)]
    ordering = ["-id"]
    list_select_related = ["definition", "user"]
    search_fields = ["user__wallet_address", "definition__slug"]
    raw_id_fields = ["user"]
    inlines = [HistoryInline]
    actions = ["revoke", "export"]

    def get_fields(self, request: HttpRequest, obj: EarnedBadge | None = None) -> list[Any]:
        every = [field.name for field in EarnedBadge._meta.fields]
        return every if obj else ["user", "definition", "reason"]

    def has_change_permission(self, request: HttpRequest, obj: EarnedBadge | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: EarnedBadge | None = None) -> bool:
        return False

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name == "definition":
            kwargs["queryset"] = BadgeDefinition.objects.listed()
        field: ModelChoiceField | None = super().formfield_for_foreignkey(
            db_field, request, **kwargs
        )
        return field

    def save_model(
        self, request: HttpRequest, obj: EarnedBadge, form: ModelForm, change: bool
    ) -> None:
        with acting_as(request, form) as act:
            badge = award_badge(
                user=obj.user,
                slug=obj.definition.slug,
                now=timezone.now(),
                source=f"{_who(request)}: {act.reason}",
            )
        obj.id = badge.id

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.award_csv)
        return [path("award-csv/", page, name="badges_award_csv"), *super().get_urls()]

    def award_csv(self, request: HttpRequest) -> HttpResponse:
        """Asks for a file, then reports on each of its lines."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = CsvForm(request.POST or None, request.FILES or None)
        award = None
        if form.is_valid():
            try:
                with acting_as(request, form) as act:
                    award = award_from_csv(
                        content=form.cleaned_data["file"].read(),
                        now=timezone.now(),
                        source=f"{_who(request)}: {act.reason}",
                        dry_run=form.cleaned_data["dry_run"],
                    )
            except DomainError as error:
                form.add_error("file", error.message)
        if award and "as_file" in request.POST:
            return csv_file("report.csv", report_rows(award))
        context = {**self.admin_site.each_context(request), "form": form, "award": award}
        context["title"] = "Award badges from a CSV file"
        context["rows"] = report_rows(award) if award else []
        return render(request, "admin/badges/award_csv.html", context)

    @admin.action(description="Export the selected badges as CSV", permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[EarnedBadge]) -> HttpResponse:
        fields = (
            "user__wallet_address",
            "definition__slug",
            "status",
            "earned_at",
            "revoke_reason",
        )
        header = ("wallet", "badge", "status", "earned at", "reason of revocation")
        return csv_file("badges.csv", [header, *queryset.values_list(*fields)])

    @admin.action(description="Revoke the selected badges…", permissions=["add"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[EarnedBadge]) -> HttpResponse | None:
        form = confirmed(request, RevokeForm)
        if isinstance(form, HttpResponse):
            return form
        with acting_as(request, form) as act:
            taken = sum(self._revoke(request, badge, act.reason) for badge in queryset)
        self.message_user(request, f"Badges taken back: {taken}.")
        return None

    def _revoke(self, request: HttpRequest, badge: EarnedBadge, reason: str) -> bool:
        who = _who(request)
        try:
            revoke_badge(badge_id=badge.id, reason=reason, now=timezone.now(), source=who)
        except DomainError as error:
            self.message_user(request, f"{badge}: {error.message}", messages.ERROR)
            return False
        self.log_change(request, badge, f"Revoked: {reason}")
        return True


def _who(request: HttpRequest) -> str:
    return f"admin {request.user}"
