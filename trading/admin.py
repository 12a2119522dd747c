"""Trading in the admin: milestones are edited, everything else is only looked at."""

from django.contrib import admin
from django.http import HttpRequest

from core.admin import EditAdmin, ReadOnlyAdmin
from core.filters import DayFilter
from trading.models import MilestoneReached, Trade, UserVolume, VolumeMilestone


@admin.register(Trade)
class TradeAdmin(ReadOnlyAdmin):
    list_display = ["trade_id", "user", "volume_usd", "executed_at", "corrects", "source"]
    list_select_related = ["user", "corrects"]
    list_filter = [("corrects", admin.EmptyFieldListFilter), ("executed_at", DayFilter)]
    search_fields = ["trade_id", "user__wallet_address", "=source"]
    ordering = ["-id"]


@admin.register(UserVolume)
class UserVolumeAdmin(ReadOnlyAdmin):
    list_display = ["user", "total", "trades"]
    list_select_related = ["user"]
    search_fields = ["user__wallet_address"]


@admin.register(MilestoneReached)
class MilestoneReachedAdmin(ReadOnlyAdmin):
    list_display = ["user", "milestone", "volume", "reached_at"]
    list_filter = ["milestone", ("reached_at", DayFilter)]
    list_select_related = ["user", "milestone"]
    search_fields = ["user__wallet_address"]


@admin.register(VolumeMilestone)
class VolumeMilestoneAdmin(EditAdmin):
    """An amount that somebody reached stays: it was told."""

    list_display = ["amount", "tier_unlocked"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: VolumeMilestone | None = None
    ) -> list[str]:
        return ["amount"] if obj and obj.pk and obj.reached.exists() else []
