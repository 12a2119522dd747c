"""Upgrades follow their state machine: they are looked at, never edited."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from unfold.admin import TabularInline

from core.admin import LookOnly, ReadOnlyAdmin
from nft.admin.timeline import timeline_of
from nft.models import (
    BurnTransaction,
    ReviewDecision,
    SponsorSpending,
    UpgradeRequest,
    UpgradeStatusHistory,
)


def timeline_context(object_id: str) -> dict[str, Any]:
    """For the page of one upgrade; a malformed or unknown id is answered by the page itself."""
    try:
        found = UpgradeRequest.objects.select_related("order", "new_nft").get(id=object_id)
    except (UpgradeRequest.DoesNotExist, ValidationError):
        return {}
    return {"timeline": timeline_of(found)}


class HistoryInline(LookOnly, TabularInline):
    model = UpgradeStatusHistory
    extra = 0


class BurnTransactionInline(LookOnly, TabularInline):
    model = BurnTransaction
    extra = 0
    exclude = ("signed_transaction",)


class ReviewInline(LookOnly, TabularInline):
    model = ReviewDecision
    extra = 0


@admin.register(UpgradeRequest)
class UpgradeRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "status", "target_level", "created_at", "error_code", "user")
    list_filter = ("status", "target_level", "is_late", "error_code")
    list_select_related = ("user",)
    search_fields = ("id", "user__wallet_address", "burn_signature", "order__mint_address")
    date_hierarchy = "created_at"
    inlines = (HistoryInline, BurnTransactionInline, ReviewInline)
    change_form_before_template = "admin/nft/timeline.html"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        page: HttpResponse = super().change_view(
            request, object_id, form_url, timeline_context(object_id)
        )
        return page


@admin.register(UpgradeStatusHistory)
class UpgradeStatusHistoryAdmin(ReadOnlyAdmin):
    list_display = ("at", "request", "from_status", "to_status", "reason")
    list_filter = ("to_status",)
    search_fields = ("request__id", "reason")
    list_select_related = ("request",)


@admin.register(BurnTransaction)
class BurnTransactionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "request", "signature", "last_valid_block_height")
    list_select_related = ("request",)
    search_fields = ("signature", "message_hash", "request__id")
    exclude = ("signed_transaction",)


@admin.register(SponsorSpending)
class SponsorSpendingAdmin(ReadOnlyAdmin):
    list_display = ("day", "scope", "lamports")
    date_hierarchy = "day"
    search_fields = ("scope",)
