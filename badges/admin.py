"""Badges in the admin: definitions are edited, held badges only awarded and revoked."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import ForeignKey, QuerySet, URLField
from django.forms import ModelChoiceField, ModelForm
from django.http import HttpRequest
from django.utils import timezone

from badges.models import BadgeDefinition, BadgeStatusHistory, EarnedBadge
from badges.services import award_badge, revoke_badge
from core.admin import LookOnly, ReadOnlyAdmin
from core.errors import DomainError


@admin.register(BadgeDefinition)
class BadgeDefinitionAdmin(admin.ModelAdmin):
    list_display = ["slug", "name", "required_for_tier", "is_active", "position"]
    list_filter = ["is_active", "required_for_tier"]
    search_fields = ["slug", "name"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def get_readonly_fields(
        self, request: HttpRequest, obj: BadgeDefinition | None = None
    ) -> list[str]:
        # Events and frozen requests name a badge by its slug.
        return ["slug"] if obj else []


class HistoryInline(LookOnly, admin.TabularInline):
    model = BadgeStatusHistory
    extra = 0


@admin.register(BadgeStatusHistory)
class BadgeStatusHistoryAdmin(ReadOnlyAdmin):
    list_display = ["at", "badge", "from_status", "to_status", "reason"]
    list_filter = ["to_status"]
    list_select_related = ["badge"]


@admin.register(EarnedBadge)
class EarnedBadgeAdmin(admin.ModelAdmin):
    """“Add” awards, the action revokes; nothing else changes a badge by hand."""

    list_display = ["definition", "status", "earned_at", "user", "reserved_for"]
    list_filter = ["status", "definition"]
    list_select_related = ["definition", "user"]
    search_fields = ["user__wallet_address", "definition__slug"]
    raw_id_fields = ["user"]
    inlines = [HistoryInline]
    actions = ["revoke"]

    def get_fields(self, request: HttpRequest, obj: EarnedBadge | None = None) -> list[Any]:
        every = [field.name for field in EarnedBadge._meta.fields]
        return every if obj else ["user", "definition"]

    def has_change_permission(self, request: HttpRequest, obj: EarnedBadge | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: EarnedBadge | None = None) -> bool:
        return False

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name == "definition":
            kwargs["queryset"] = BadgeDefinition.objects.listed()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: EarnedBadge, form: ModelForm, change: bool
    ) -> None:
        badge = award_badge(
            user=obj.user, slug=obj.definition.slug, now=timezone.now(), source=_who(request)
        )
        obj.id = badge.id

    @admin.action(description="Revoke the selected badges", permissions=["add"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[EarnedBadge]) -> None:
        reason = f"revoked by {_who(request)}"
        for badge in queryset:
            try:
                revoke_badge(badge_id=badge.id, reason=reason, now=timezone.now())
            except DomainError as error:
                self.message_user(request, f"{badge}: {error.message}", messages.ERROR)


def _who(request: HttpRequest) -> str:
    return f"admin {request.user.get_username()}"
