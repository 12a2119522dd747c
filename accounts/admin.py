"""People, their sessions and service keys; secrets and states are shown, never edited."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from accounts.models import LoginSession, ServiceKey, SignInNonce, StreamTicket, User
from accounts.services import revoke_login_sessions
from core.admin import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(ModelAdmin):
    list_display = ["__str__", "wallet_address", "username", "is_staff", "is_active", "created_at"]
    list_filter = ["is_active", "is_staff", "groups"]
    search_fields = ["wallet_address", "username", "id"]
    fields = [
        "id",
        "wallet_address",
        "username",
        "is_active",
        "is_staff",
        "is_superuser",
        "groups",
        "last_login",
        "created_at",
    ]
    readonly_fields = ["id", "wallet_address", "last_login", "created_at"]
    filter_horizontal = ["groups"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a user appears by signing in, staff by `createsuperuser`

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        """Only a superuser gives powers away."""
        powers = ["is_staff", "is_superuser", "groups"]
        granted = request.user.is_authenticated and request.user.is_superuser
        return [*self.readonly_fields, *([] if granted else powers)]


@admin.register(SignInNonce)
class SignInNonceAdmin(ReadOnlyAdmin):
    list_display = ["wallet_address", "created_at", "expires_at", "consumed_at"]
    search_fields = ["wallet_address"]
    fields = ["wallet_address", "created_at", "expires_at", "consumed_at"]


@admin.register(LoginSession)
class LoginSessionAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "created_at", "expires_at", "ended_at", "end_reason"]
    list_filter = ["end_reason"]
    search_fields = ["user__wallet_address", "user__username"]
    fields = ["id", "user", "created_at", "expires_at", "ended_at", "end_reason"]
    actions = ["revoke"]

    @admin.action(description="Revoke (signs these sessions out)", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[LoginSession]) -> None:
        revoke_login_sessions(sessions=queryset, now=timezone.now())

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_loginsession")


@admin.register(StreamTicket)
class StreamTicketAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "resource", "created_at", "started_at", "resumable_until"]
    search_fields = ["user__wallet_address"]
    fields = ["id", "user", "resource", "created_at", "started_at", "resumable_until"]


@admin.register(ServiceKey)
class ServiceKeyAdmin(ModelAdmin):
    list_display = ["name", "prefix", "scopes", "is_active", "expires_at", "last_used_at"]
    fields = ["name", "prefix", "scopes", "is_active", "expires_at", "created_at", "last_used_at"]
    readonly_fields = ["name", "prefix", "scopes", "created_at", "last_used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # `manage.py create_service_key` shows the secret once; the admin cannot
