"""Roles, the log of what was done, and what staff sign in with: never a secret of it."""

from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from core.admin import EditAdmin, ReadOnlyAdmin
from core.confirming import ConfirmForm, acting_as, confirmed
from core.filters import DayFilter

admin.site.unregister([Group, TOTPDevice, StaticDevice])


@admin.register(Group)
class RoleAdmin(EditAdmin, GroupAdmin):  # type: ignore[misc]
    """The roles; `manage.py roles` puts those that we bring back to what they may."""


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ("action_time", "user", "content_type", "object_repr", "change_message")
    list_filter = ("action_flag", "content_type", ("action_time", DayFilter))
    list_select_related = ("user", "content_type")
    search_fields = ("object_id", "object_repr", "change_message", "user__username")


@admin.register(TOTPDevice, StaticDevice)
class SecondFactorAdmin(ReadOnlyAdmin):
    """Who has one, and when it was used; `manage.py reset_second_factor` takes it away."""

    list_display = ("user", "name", "confirmed", "created_at", "last_used_at")
    list_filter = ("confirmed", ("last_used_at", DayFilter))
    list_select_related = ("user",)
    search_fields = ("user__username", "user__wallet_address")
    fields = ("user", "name", "confirmed", "created_at", "last_used_at")


class ForgiveForm(ConfirmForm):
    title = "Let these addresses try again now?"


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReadOnlyAdmin):
    list_display = ("attempt_time", "ip_address", "username", "failures_since_start")
    list_filter = (("attempt_time", DayFilter),)
    search_fields = ("ip_address", "username")
    fields = ("attempt_time", "ip_address", "username", "failures_since_start", "user_agent")
    actions = ("forgive",)

    def has_forgive_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("axes.delete_accessattempt")

    @admin.action(description="Let them try again now…", permissions=["forgive"])
    def forgive(
        self, request: HttpRequest, queryset: QuerySet[AccessAttempt]
    ) -> HttpResponse | None:
        form = confirmed(request, ForgiveForm)
        if isinstance(form, HttpResponse):
            return form
        with acting_as(request, form) as act:
            for attempt in queryset:
                self.log_change(request, attempt, f"Forgiven: {act.reason}")
                attempt.delete()
        return None
