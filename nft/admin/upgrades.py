"""Upgrades follow their state machine: they are looked at, never edited."""

from django.contrib import admin
from unfold.admin import TabularInline

from core.admin import LookOnly, ReadOnlyAdmin
from nft.models import (
    BurnTransaction,
    ReviewDecision,
    SponsorSpending,
    UpgradeRequest,
    UpgradeStatusHistory,
)


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


@admin.register(UpgradeStatusHistory)
class UpgradeStatusHistoryAdmin(ReadOnlyAdmin):
    list_display = ("at", "request", "from_status", "to_status", "reason")
    list_filter = ("to_status",)
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
