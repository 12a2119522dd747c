"""How members are reached, without what would let anybody else reach them."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from core.filters import DayFilter
from notifications.models import Preference, PushSubscription, Recipient


@admin.register(Recipient)
class RecipientAdmin(ReadOnlyAdmin):
    list_display = ["user_id", "language", "time_zone", "masked", "email_verified_at"]
    list_filter = ["language"]
    search_fields = ["=user_id"]
    fields = [
        "user_id",
        "language",
        "time_zone",
        "quiet_from",
        "quiet_until",
        "masked",
        "email_verified_at",
    ]

    @admin.display(description="Address")
    def masked(self, person: Recipient) -> str:
        name, _, host = person.email.partition("@")
        return f"{name[:1]}…@{host}" if host else ""


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    list_display = ["user_id", "type", "channel", "is_wanted"]
    list_filter = ["channel", "is_wanted"]
    search_fields = ["=user_id"]


@admin.register(PushSubscription)
class PushSubscriptionAdmin(ReadOnlyAdmin):
    list_display = ["id", "user_id", "created_at"]
    list_filter = [("created_at", DayFilter)]
    search_fields = ["=user_id"]
    fields = ["id", "user_id", "created_at"]
