"""NFTs, what minted them, who holds them, what they gave: looked at, never edited."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from nft.models import (
    BenefitUse,
    FaceFile,
    MintOrder,
    NftHolding,
    OwnershipChange,
    UserNft,
)


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
    exclude = ("nonce", "signed_transaction")


@admin.register(NftHolding)
class NftHoldingAdmin(ReadOnlyAdmin):
    list_display = ("nft", "wallet", "status", "slot", "seen_at", "trouble")
    list_filter = ("status", ("trouble", admin.EmptyFieldListFilter))
    list_select_related = ("nft",)
    search_fields = ("wallet", "nft__mint_address")


@admin.register(OwnershipChange)
class OwnershipChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "nft", "from_wallet", "to_wallet", "signature")
    list_select_related = ("nft",)
    search_fields = ("signature", "from_wallet", "to_wallet", "nft__mint_address")


@admin.register(BenefitUse)
class BenefitUseAdmin(ReadOnlyAdmin):
    list_display = ("week", "name", "subject_id", "used")
    list_filter = ("name", "week")
    search_fields = ("subject_id",)


@admin.register(FaceFile)
class FaceFileAdmin(ReadOnlyAdmin):
    list_display = ("mint_address", "part", "sha256", "created_at")
    list_filter = ("part",)
    search_fields = ("mint_address", "sha256")
