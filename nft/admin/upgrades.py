"""Upgrades follow their state machine: they are looked at, never edited."""

from django.contrib import admin
from unfold.admin import TabularInline

from core.admin import LookOnly, ReadOnlyAdmin, coloured
from core.filters import DayFilter, one_of
from nft.admin.nfts import levels
from nft.admin.timeline import COLOURS, TimelineAdmin
from nft.models import (
    BurnTransaction,
    ReviewDecision,
    SponsorSpending,
    UpgradeRequest,
    UpgradeStatus,
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
class UpgradeRequestAdmin(TimelineAdmin):
    list_display = (
        "id",
        coloured("status", COLOURS),
        "target_level",
        "created_at",
        "error_code",
        "user",
    )
    list_filter = (
        "status",
        one_of("target_level", levels),
        "is_late",
        ("error_code", admin.EmptyFieldListFilter),
        ("created_at", DayFilter),
    )
    list_select_related = ("user",)
    search_fields = (
        "id",
        "user__wallet_address",
        "=burn_signature",
        "order__mint_address",
        "=error_code",
    )
    inlines = (HistoryInline, BurnTransactionInline, ReviewInline)


@admin.register(UpgradeStatusHistory)
class UpgradeStatusHistoryAdmin(ReadOnlyAdmin):
    list_display = ("at", "request", "from_status", coloured("to_status", COLOURS), "reason")
    list_filter = (one_of("to_status", lambda: UpgradeStatus.values), ("at", DayFilter))
    search_fields = ("request__id", "reason")
    list_select_related = ("request",)
    ordering = ("-id",)


@admin.register(BurnTransaction)
class BurnTransactionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "request", "signature", "last_valid_block_height")
    list_filter = (("created_at", DayFilter), ("sponsored_at", admin.EmptyFieldListFilter))
    list_select_related = ("request",)
    search_fields = ("=signature", "=message_hash", "request__id")
    ordering = ("-id",)
    exclude = ("signed_transaction",)


@admin.register(SponsorSpending)
class SponsorSpendingAdmin(ReadOnlyAdmin):
    list_display = ("day", "scope", "lamports")
    list_filter = (("day", DayFilter),)
    search_fields = ("scope",)
    ordering = ("-day", "scope")
