"""People, their sessions and service keys; secrets and states are shown, never edited."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import LoginSession, ServiceKey, SignInNonce, StreamTicket, User
from accounts.services import revoke_login_sessions
from core.admin import EditAdmin, ReadOnlyAdmin
from core.confirming import ConfirmForm, acting_as, confirmed
from core.filters import DayFilter


@admin.register(User)
class UserAdmin(EditAdmin):
    list_display = ["__str__", "wallet_address", "username", "is_staff", "is_active", "created_at"]
    list_filter = ["is_active", "is_staff", "groups", ("created_at", DayFilter)]
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

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # an account is closed with `is_active`; docs/audit.md says how to erase one

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Staff are a superuser's to change: else one who may edit users edits their betters."""
        above = obj is not None and (obj.is_staff or obj.is_superuser)
        return super().has_change_permission(request, obj) and (not above or _is_superuser(request))

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        """Only a superuser gives powers away."""
        powers = ["is_staff", "is_superuser", "groups"]
        return [*self.readonly_fields, *([] if _is_superuser(request) else powers)]


def _is_superuser(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_superuser


@admin.register(SignInNonce)
class SignInNonceAdmin(ReadOnlyAdmin):
    list_display = ["wallet_address", "created_at", "expires_at", "consumed_at"]
    list_filter = [("created_at", DayFilter), ("consumed_at", admin.EmptyFieldListFilter)]
    search_fields = ["wallet_address"]
    ordering = ["-created_at"]
    fields = ["wallet_address", "created_at", "expires_at", "consumed_at"]


class SignOutForm(ConfirmForm):
    title = "Sign these sessions out?"


@admin.register(LoginSession)
class LoginSessionAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "created_at", "expires_at", "ended_at", "end_reason"]
    list_select_related = ["user"]
    list_filter = [("ended_at", admin.EmptyFieldListFilter), ("created_at", DayFilter)]
    search_fields = ["user__wallet_address", "user__username"]
    fields = ["id", "user", "created_at", "expires_at", "ended_at", "end_reason"]
    actions = ["revoke"]

    @admin.action(description="Revoke (signs these sessions out)…", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[LoginSession]) -> HttpResponse | None:
        form = confirmed(request, SignOutForm)
        if isinstance(form, HttpResponse):
            return form
        sessions = list(queryset.filter(ended_at__isnull=True))
        with acting_as(request, form) as act:
            revoke_login_sessions(sessions=queryset, now=timezone.now())
        for session in sessions:
            self.log_change(request, session, f"Revoked: {act.reason}")
        self.message_user(request, f"{len(sessions)} signed out.")
        return None

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_loginsession")


@admin.register(StreamTicket)
class StreamTicketAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "resource", "created_at", "started_at", "resumable_until"]
    list_filter = [("created_at", DayFilter), ("started_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["user__wallet_address"]
    fields = ["id", "user", "resource", "created_at", "started_at", "resumable_until"]


@admin.register(ServiceKey)
class ServiceKeyAdmin(EditAdmin):
    list_display = ["name", "prefix", "scopes", "is_active", "expires_at", "last_used_at"]
    list_filter = ["is_active", ("expires_at", DayFilter)]
    search_fields = ["name", "prefix"]
    fields = ["name", "prefix", "scopes", "is_active", "expires_at", "created_at", "last_used_at"]
    readonly_fields = ["name", "prefix", "scopes", "created_at", "last_used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # `manage.py create_service_key` shows the secret once; the admin cannot
