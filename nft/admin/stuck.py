"""What waits for too long, and what a person decides about it."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from core.admin import BAD, GOOD, WAITING, ReadOnlyAdmin, coloured
from core.confirming import ConfirmForm, acting_as, confirmed
from core.errors import DomainError
from core.filters import DayFilter
from nft.admin.timeline import COLOURS, TimelineAdmin
from nft.admin.upgrades import HistoryInline, ReviewInline
from nft.models import (
    AuthorityBalance,
    Outcome,
    ReviewDecision,
    StuckUpgrade,
    Verdict,
)
from nft.services.outlook import outlook_of
from nft.services.reviewing import decide_review, look_again
from nft.services.stuck import stuck_upgrades

STATUS = coloured("status", COLOURS)


@admin.register(ReviewDecision)
class ReviewDecisionAdmin(ReadOnlyAdmin):
    list_display = (
        "decided_at",
        "request",
        "verdict",
        "decided_by",
        "reason",
        coloured("outcome", {Outcome.PENDING: WAITING, Outcome.DONE: GOOD, Outcome.FAILED: BAD}),
        "problem",
    )
    list_filter = ("outcome", "verdict", ("decided_at", DayFilter))
    list_select_related = ("request",)
    search_fields = ("request__id", "=signature", "decided_by")


@admin.register(AuthorityBalance)
class AuthorityBalanceAdmin(ReadOnlyAdmin):
    list_display = ("address", "sol", "threshold", "is_low", "looked_at")
    list_filter = ("is_low",)
    search_fields = ("address",)

    @admin.display(description="SOL", ordering="lamports")
    def sol(self, row: AuthorityBalance) -> str:
        return row.sol

    @admin.display(description="Low below", ordering="threshold_lamports")
    def threshold(self, row: AuthorityBalance) -> str:
        return row.threshold_sol


class LookAgainForm(ConfirmForm):
    title = "Make the next look or attempt due now?"


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
class StuckUpgradeAdmin(TimelineAdmin):
    """Past their bound, the longest first: what each waits for, and what helps."""

    list_display = ("id", STATUS, "stuck_since", "next_attempt", "reason", "advice", "user")
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

    @admin.action(description="Look again now…", permissions=["hurry"])
    def look_again(
        self, request: HttpRequest, queryset: QuerySet[StuckUpgrade]
    ) -> HttpResponse | None:
        form = confirmed(request, LookAgainForm)
        if isinstance(form, HttpResponse):
            return form
        with acting_as(request, form) as act:
            for upgrade in queryset:
                self._look_again(request, upgrade, act.reason)
        return None

    def _look_again(self, request: HttpRequest, upgrade: StuckUpgrade, reason: str) -> None:
        try:
            look_again(request_id=upgrade.id)
        except DomainError as error:
            self.message_user(request, f"{upgrade.id}: {error.message}", messages.WARNING)
            return
        self.log_change(request, upgrade, f"Looked again: {reason}")
        page = reverse("admin:nft_upgraderequest_change", args=[upgrade.pk])
        text = '{}: its next look is due now. <a href="{}">Watch it</a>'
        self.message_user(request, format_html(text, upgrade.pk, page))

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
        upgrade, by = queryset.get(), str(request.user)
        try:
            with acting_as(request, form) as act:
                made = decide_review(
                    request_id=upgrade.id, by=by, now=timezone.now(), **form.cleaned_data
                )
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
            return None
        self.log_change(request, upgrade, f"Decided: {made} ({made.signature}): {act.reason}")
        self.message_user(request, "Decided: see Review decisions for how it went.")
        return None
