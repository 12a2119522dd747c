"""Operators edit tiers, and decide in review; what else follows a state machine is looked at."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet, URLField
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from core.admin import LookOnly, ReadOnlyAdmin
from core.confirming import ConfirmForm, confirmed
from core.errors import DomainError
from nft.forms import AwardRuleForm, TierForm
from nft.models import (
    AuthorityBalance,
    AwardRule,
    BenefitUse,
    BurnTransaction,
    FaceFile,
    MintOrder,
    NftHolding,
    OwnershipChange,
    QualificationRecord,
    ReviewDecision,
    SponsorSpending,
    StuckUpgrade,
    Tier,
    TierSupply,
    TierVersion,
    UpgradeRequest,
    UpgradeStatusHistory,
    UserNft,
    Verdict,
)
from nft.services.earning import sweep_soon
from nft.services.outlook import outlook_of
from nft.services.reviewing import decide_review, look_again
from nft.services.stuck import stuck_upgrades
from nft.services.tiers import offer_tier

AWARDS_TO = (
    "Awards the badge to whoever meets everything that is filled in. Several rules of one badge"
    " are alternatives."
)
SECRET_FIELDS = ("nonce", "signed_transaction")


@admin.register(Tier)
class TierAdmin(admin.ModelAdmin):
    """An edit changes what is offered from now on, never an NFT or a running upgrade."""

    form = TierForm
    list_display = ("level", "name", "required_volume", "supply_cap", "version", "is_active")
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
        offer_tier(tier=tier, author=f"admin {request.user.get_username()}")
        levels = Tier.objects.on_offer().values_list("level", flat=True)
        if tier.level > min(levels, default=1) and tier.level - 1 not in levels:
            text = f"Nobody can reach level {tier.level}: level {tier.level - 1} is not on offer."
            self.message_user(request, text, messages.WARNING)


@admin.register(AwardRule)
class AwardRuleAdmin(admin.ModelAdmin):
    """Rules apply to everybody from the next sweep on, and to what they did before."""

    form = AwardRuleForm
    list_display = ("badge", "id", "is_active", "swept_at")
    list_filter = ("is_active",)
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
    list_filter = ("tier",)
    list_select_related = ("tier",)


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


class ReviewInline(LookOnly, admin.TabularInline):
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
    exclude = SECRET_FIELDS[1:]


@admin.register(ReviewDecision)
class ReviewDecisionAdmin(ReadOnlyAdmin):
    list_display = (
        "decided_at",
        "request",
        "verdict",
        "decided_by",
        "reason",
        "outcome",
        "problem",
    )
    list_filter = ("outcome", "verdict")
    list_select_related = ("request",)
    search_fields = ("request__id", "signature", "decided_by")


@admin.register(AuthorityBalance)
class AuthorityBalanceAdmin(ReadOnlyAdmin):
    list_display = ("address", "lamports", "threshold_lamports", "is_low", "looked_at")


class ReviewForm(ConfirmForm):
    title = "Decide about this burn"
    verdict = forms.ChoiceField(choices=Verdict.choices, widget=forms.RadioSelect)
    signature = forms.CharField(
        max_length=88, help_text="Of the transaction that burned the NFT: it is checked on chain"
    )
    reason = forms.CharField(
        max_length=150, help_text="Kept with your name; the member sees the reason"
    )


@admin.register(StuckUpgrade)
class StuckUpgradeAdmin(ReadOnlyAdmin):
    """Past their bound, the longest first: what each waits for, and what helps."""

    list_display = ("id", "status", "stuck_since", "next_attempt", "reason", "advice", "user")
    list_filter = ("status",)
    list_select_related = ("user", "order")
    search_fields = ("id", "user__wallet_address")
    ordering = ()
    inlines = (HistoryInline, ReviewInline)
    actions = ("look_again", "decide")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StuckUpgrade]:
        rows: Any = stuck_upgrades(now=timezone.now(), rows=super().get_queryset(request))
        return rows  # type: ignore[no-any-return]

    @admin.display(description="Stuck since")
    def stuck_since(self, upgrade: Any) -> datetime:
        since: datetime = upgrade.since
        return since

    @admin.display(description="Next attempt")
    def next_attempt(self, upgrade: StuckUpgrade) -> datetime | None:
        return outlook_of(upgrade, now=timezone.now()).next_attempt_at

    @admin.display(description="Waits for")
    def reason(self, upgrade: StuckUpgrade) -> str:
        return outlook_of(upgrade, now=timezone.now()).reason

    @admin.display(description="What helps")
    def advice(self, upgrade: StuckUpgrade) -> str:
        return outlook_of(upgrade, now=timezone.now()).advice

    def has_hurry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("nft.change_upgraderequest")

    @admin.action(description="Look again now", permissions=["hurry"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[StuckUpgrade]) -> None:
        for upgrade in queryset:
            try:
                look_again(request_id=upgrade.id)
            except DomainError as error:
                self.message_user(request, f"{upgrade.id}: {error.message}", messages.WARNING)
                continue
            self.log_change(request, upgrade, "Looked again")
            self.message_user(request, f"{upgrade.id}: its next look is due now.")

    def has_review_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("nft.review_upgraderequest")

    @admin.action(description="Decide about a burn in review…", permissions=["review"])
    def decide(self, request: HttpRequest, queryset: QuerySet[StuckUpgrade]) -> HttpResponse | None:
        """A job carries it out; the decision's row says how it went."""
        if queryset.count() != 1:
            self.message_user(request, "Choose one: each needs its own reason.", messages.ERROR)
            return None
        form = confirmed(request, ReviewForm)
        if isinstance(form, HttpResponse):
            return form
        upgrade, by = queryset.get(), request.user.get_username()
        try:
            made = decide_review(
                request_id=upgrade.id, by=by, now=timezone.now(), **form.cleaned_data
            )
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
            return None
        self.log_change(request, upgrade, f"Decided: {made} ({made.signature})")
        self.message_user(request, "Decided: see Review decisions for how it went.")
        return None


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


@admin.register(SponsorSpending)
class SponsorSpendingAdmin(ReadOnlyAdmin):
    list_display = ("day", "scope", "lamports")
    date_hierarchy = "day"
    search_fields = ("scope",)


@admin.register(TierSupply)
class TierSupplyAdmin(ReadOnlyAdmin):
    list_display = ("level", "taken", "last_number")


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
