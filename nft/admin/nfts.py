"""NFTs, what minted them, who holds them, what they gave: looked at, never edited."""

from django.contrib import admin

from core.admin import GOOD, RUNNING, WAITING, ReadOnlyAdmin, coloured
from core.filters import DayFilter, one_of
from nft.models import (
    BenefitUse,
    FaceFile,
    HoldingStatus,
    MintOrder,
    NftHolding,
    NftStatus,
    OrderStatus,
    OwnershipChange,
    Tier,
    UserNft,
)

STATUS = coloured(
    "status",
    {
        NftStatus.ACTIVE: GOOD,
        NftStatus.MINTING: RUNNING,
        NftStatus.UPGRADING: RUNNING,
        OrderStatus.WAITING: WAITING,
        OrderStatus.MINTED: GOOD,
        HoldingStatus.FOLLOWED: GOOD,
    },
)


def levels() -> list[int]:
    return list(Tier.objects.values_list("level", flat=True))


@admin.register(UserNft)
class UserNftAdmin(ReadOnlyAdmin):
    list_display = ("mint_address", "tier_level", STATUS, "created_at", "user")
    list_filter = ("status", one_of("tier_level", levels), "origin", ("created_at", DayFilter))
    list_select_related = ("user",)
    search_fields = ("mint_address", "user__wallet_address", "=transaction_signature")


@admin.register(MintOrder)
class MintOrderAdmin(ReadOnlyAdmin):
    list_display = ("id", "purpose", STATUS, "started_at", "attempt", "error_code", "mint_address")
    list_filter = (
        "status",
        "purpose",
        ("error_code", admin.EmptyFieldListFilter),
        ("started_at", DayFilter),
    )
    search_fields = ("mint_address", "request_id", "wallet_address", "=signature", "=error_code")
    ordering = ("-id",)
    exclude = ("nonce", "signed_transaction")


@admin.register(NftHolding)
class NftHoldingAdmin(ReadOnlyAdmin):
    list_display = ("nft", "wallet", STATUS, "slot", "seen_at", "trouble")
    list_filter = ("status", ("trouble", admin.EmptyFieldListFilter), ("seen_at", DayFilter))
    list_select_related = ("nft",)
    search_fields = ("wallet", "nft__mint_address")


@admin.register(OwnershipChange)
class OwnershipChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "nft", "from_wallet", "to_wallet", "signature")
    list_filter = (("at", DayFilter),)
    list_select_related = ("nft",)
    search_fields = ("=signature", "from_wallet", "to_wallet", "nft__mint_address")


@admin.register(BenefitUse)
class BenefitUseAdmin(ReadOnlyAdmin):
    list_display = ("week", "name", "subject_id", "used")
    list_filter = (("week", DayFilter),)
    search_fields = ("=subject_id", "name")
    ordering = ("-id",)


@admin.register(FaceFile)
class FaceFileAdmin(ReadOnlyAdmin):
    list_display = ("mint_address", "part", "sha256", "created_at")
    list_filter = ("part", ("created_at", DayFilter))
    search_fields = ("mint_address", "sha256")
