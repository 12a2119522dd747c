"""Operators edit tiers and the rules that award badges; what follows from them is looked at."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import URLField
from django.forms import ModelForm
from django.http import HttpRequest

from core.admin import EditAdmin, ReadOnlyAdmin
from core.filters import DayFilter
from nft.forms import AwardRuleForm, TierForm
from nft.models import (
    AwardRule,
    QualificationRecord,
    Tier,
    TierSupply,
    TierVersion,
)
from nft.services.earning import sweep_soon
from nft.services.tiers import offer_tier

AWARDS_TO = (
    "Awards the badge to whoever meets everything that is filled in. Several rules of one badge"
    " are alternatives."
)


@admin.register(Tier)
class TierAdmin(EditAdmin):
    """An edit changes what is offered from now on, never an NFT or a running upgrade."""

    form = TierForm
    list_display = ("level", "name", "required_volume", "supply_cap", "version", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "symbol")
    filter_horizontal = ("required_badges",)
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    fieldsets = (
        (None, {"fields": ("level", "name", "symbol", "description", "colour", "picture_url")}),
        ("What it asks for", {"fields": ("required_volume", "required_badges", "badges_needed")}),
        (
            "What it gives",
            {
                "fields": (
                    "trading_fee_reduction",
                    "ai_agent_weekly_uses",
                    "priority_support",
                    "free_benefits",
                )
            },
        ),
        (
            "When, and how many",
            {"fields": ("is_active", "available_from", "available_until", "supply_cap")},
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Tier | None = None) -> tuple[str, ...]:
        return ("level",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # take it off the offer with `is_active`

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        tier: Tier = form.instance
        offer_tier(tier=tier, author=f"admin {request.user}")
        levels = Tier.objects.on_offer().values_list("level", flat=True)
        if tier.level > min(levels, default=1) and tier.level - 1 not in levels:
            text = f"Nobody can reach level {tier.level}: level {tier.level - 1} is not on offer."
            self.message_user(request, text, messages.WARNING)


@admin.register(AwardRule)
class AwardRuleAdmin(EditAdmin):
    """Rules apply to everybody from the next sweep on, and to what they did before."""

    form = AwardRuleForm
    list_display = ("badge", "id", "is_active", "swept_at")
    list_filter = ("is_active",)
    search_fields = ("badge__slug", "badge__name")
    list_select_related = ("badge",)
    filter_horizontal = ("badges",)
    fieldsets = (
        (None, {"fields": ("badge", "is_active"), "description": AWARDS_TO}),
        ("Trades", {"fields": ("volume_at_least", "trades_at_least", "trades_within_days")}),
        ("Window", {"fields": ("opens_at", "closes_at")}),
        ("Has", {"fields": ("badges", "tier_level", "tier_days")}),
    )

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        sweep_soon()


@admin.register(QualificationRecord)
class QualificationRecordAdmin(ReadOnlyAdmin):
    list_display = ("user", "levels", "volume")
    list_select_related = ("user",)
    search_fields = ("user__wallet_address",)


@admin.register(TierVersion)
class TierVersionAdmin(ReadOnlyAdmin):
    list_display = ("tier", "version", "author", "created_at")
    list_filter = ("tier", ("created_at", DayFilter))
    list_select_related = ("tier",)
    search_fields = ("tier__name", "author")


@admin.register(TierSupply)
class TierSupplyAdmin(ReadOnlyAdmin):
    list_display = ("level", "taken", "last_number")
