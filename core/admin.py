"""What the admin pages of every app share, and the one table of `core`."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from core.models import IdempotencyKey


class LookOnly:
    """No adding, changing or deleting, whoever asks: for pages and inlines."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(LookOnly, ModelAdmin):
    """A table to look at."""


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Without the kept answer, which is the caller's own."""

    list_display = ["route", "scope", "key", "status_code", "created_at", "expires_at"]
    list_filter = ["route", "status_code"]
    search_fields = ["scope", "key"]
    exclude = ["body", "claim"]
