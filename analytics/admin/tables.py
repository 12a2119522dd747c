"""The read model to look at; it is changed by events, or built anew by a replay."""

from django.contrib import admin
from django.urls import URLPattern, path

from analytics.admin.dashboard import dashboard, figure_csv
from analytics.models import (
    BoardChange,
    Comparison,
    Daily,
    Edition,
    Fact,
    Holding,
    Journey,
    MemberTotal,
    Nft,
    Standing,
    TypeMinute,
)
from core.admin import ReadOnlyAdmin
from core.filters import DayFilter, one_of
from events.catalogue import event_types

TYPE = one_of("type", lambda: sorted(event_types()))


@admin.register(Fact)
class FactAdmin(ReadOnlyAdmin):
    list_display = ["position", "type", "at", "user_id", "level", "badge", "reason", "amount"]
    list_filter = [TYPE, ("at", DayFilter)]
    search_fields = ["=user_id", "=request_id", "=nft_id"]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(dashboard)
        as_file = self.admin_site.admin_view(figure_csv)
        return [
            path("dashboard/", page, name="analytics_dashboard"),
            path("dashboard/<str:name>.csv", as_file, name="analytics_figure"),
            *super().get_urls(),
        ]


@admin.register(Journey)
class JourneyAdmin(ReadOnlyAdmin):
    list_display = [
        "id", "kind", "level", "started_at", "burned_at", "completed_at", "closed_as", "user_id",
    ]  # fmt: skip
    list_filter = [
        "kind",
        ("started_at", DayFilter),
        ("completed_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["=id", "=user_id"]


@admin.register(MemberTotal)
class MemberTotalAdmin(ReadOnlyAdmin):
    list_display = ["user_id", "volume", "badges_earned", "badges_consumed", "first_at", "last_at"]
    search_fields = ["=user_id"]


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    """What a rebuild changed."""

    list_display = ["at", "table", "same", "live_rows", "built_rows"]
    list_filter = ["table", ("at", DayFilter)]

    @admin.display(boolean=True)
    def same(self, comparison: Comparison) -> bool:
        return comparison.is_same


@admin.register(Standing)
class StandingAdmin(ReadOnlyAdmin):
    list_display = ["board", "period", "start", "score", "user_id", "position"]
    list_filter = ["board", "period", ("start", DayFilter)]
    search_fields = ["=user_id"]
    ordering = ["board", "period", "start", "minus", "position"]


@admin.register(Daily)
class DailyAdmin(ReadOnlyAdmin):
    list_display = ["day", "figure", "key", "value"]
    list_filter = ["figure", ("day", DayFilter)]


@admin.register(TypeMinute)
class TypeMinuteAdmin(ReadOnlyAdmin):
    list_display = ["minute", "type", "events"]
    list_filter = [TYPE, ("minute", DayFilter)]


@admin.register(Nft)
class NftAdmin(ReadOnlyAdmin):
    list_display = ["id", "level", "burned_at"]
    list_filter = [("burned_at", admin.EmptyFieldListFilter)]
    search_fields = ["=id"]


@admin.register(Holding)
class HoldingAdmin(ReadOnlyAdmin):
    list_display = ["nft_id", "user_id", "turns", "position"]
    search_fields = ["=nft_id", "=user_id"]


@admin.register(BoardChange)
class BoardChangeAdmin(ReadOnlyAdmin):
    """What Redis is still to be told: many and old ones mean that nobody keeps the boards."""

    list_display = ["board", "user_id", "stamp"]
    list_filter = ["board"]
    search_fields = ["=user_id"]


@admin.register(Edition)
class EditionAdmin(ReadOnlyAdmin):
    list_display = ["number"]
