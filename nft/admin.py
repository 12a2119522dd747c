"""Operators edit tiers; everything that follows a state machine is only looked at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin import LookOnly, ReadOnlyAdmin
from nft.models import (
    BurnTransaction,
    MintOrder,
    Tier,
    UpgradeRequest,
    UpgradeStatusHistory,
    UserNft,
)

SECRET_FIELDS = ("nonce", "signed_transaction")


@admin.register(Tier)
class TierAdmin(admin.ModelAdmin):
    """An edit changes what is offered from now on, never an NFT or a running upgrade."""

    list_display = ("level", "name", "required_volume", "trading_fee_reduction", "is_active")
    filter_horizontal = ("required_badges",)

    def get_readonly_fields(self, request: HttpRequest, obj: Tier | None = None) -> tuple[str, ...]:
        return ("level",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # take it off the offer with `is_active`


@admin.register(UserNft)
class UserNftAdmin(ReadOnlyAdmin):
    list_display = ("mint_address", "tier_level", "status", "created_at", "user")
    list_filter = ("status", "tier_level", "origin")
    list_select_related = ("user",)
    search_fields = ("mint_address", "user__wallet_address", "transaction_signature")


@admin.register(MintOrder)
class MintOrderAdmin(ReadOnlyAdmin):
    list_display = ("id", "purpose", "status", "attempt", "error_code", "mint_address")
    list_filter = ("status", "purpose", "error_code")
    search_fields = ("mint_address", "request_id", "wallet_address", "signature")
    exclude = SECRET_FIELDS


class HistoryInline(LookOnly, admin.TabularInline):
    model = UpgradeStatusHistory
    extra = 0


class BurnTransactionInline(LookOnly, admin.TabularInline):
    model = BurnTransaction
    extra = 0
    exclude = SECRET_FIELDS[1:]


@admin.register(UpgradeRequest)
class UpgradeRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "status", "target_level", "created_at", "error_code", "user")
    list_filter = ("status", "target_level", "is_late", "error_code")
    list_select_related = ("user",)
    search_fields = ("id", "user__wallet_address", "burn_signature", "order__mint_address")
    date_hierarchy = "created_at"
    inlines = (HistoryInline, BurnTransactionInline)


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
    exclude = SECRET_FIELDS[1:]
