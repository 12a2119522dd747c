"""What was told, how it went out, and sending it again."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import TabularInline

from core.admin import BAD, GOOD, WAITING, LookOnly, ReadOnlyAdmin, coloured
from core.confirming import ConfirmForm, acting_as, confirmed
from core.filters import DayFilter, one_of
from notifications.kinds import KINDS
from notifications.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    Notification,
    Outcome,
    Provider,
)
from notifications.services.redriving import resend

STATUS = coloured(
    "status",
    {
        DeliveryStatus.WAITING: WAITING,
        DeliveryStatus.SENT: GOOD,
        DeliveryStatus.DEAD: BAD,
    },
)
OUTCOME = coloured(
    "outcome",
    {
        Outcome.STARTED: WAITING,
        Outcome.SENT: GOOD,
        Outcome.REFUSED: BAD,
        Outcome.DEFERRED: WAITING,
        Outcome.BUSY: WAITING,
        Outcome.SILENT: BAD,
    },
)


class DeliveryInline(LookOnly, TabularInline):
    model = Delivery
    extra = 0
    show_change_link = True
    fields = ["channel", "status", "reason", "failures", "resends", "sent_at", "next_run_at"]


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "type", "title", "priority", "user_id", "read_at"]
    list_filter = [one_of("type", lambda: KINDS), "priority", ("created_at", DayFilter)]
    ordering = ["-id"]
    search_fields = ["=user_id", "=event_id", "=correlation_id"]
    inlines = [DeliveryInline]


class ResendForm(ConfirmForm):
    title = "Send these messages again"


class AttemptInline(LookOnly, TabularInline):
    model = DeliveryAttempt
    extra = 0


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Dead ones are those that were given up; the reason and the log say why."""

    list_display = ["created_at", "channel", STATUS, "reason", "user_id", "sent_at"]
    list_filter = ["status", "channel", "purpose", ("created_at", DayFilter)]
    ordering = ["-id"]
    search_fields = ["=user_id", "=notification__id", "=notification__correlation_id"]
    exclude = ["target"]
    inlines = [AttemptInline]
    actions = ["send_again"]

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.change_delivery")

    @admin.action(description="Send again…", permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        form = confirmed(request, ResendForm)
        if isinstance(form, HttpResponse):
            return form
        deliveries = list(queryset)
        with acting_as(request, form) as act:
            count = resend(delivery_ids=[it.id for it in deliveries], now=timezone.now())
        for delivery in deliveries:
            self.log_change(request, delivery, f"Sent again: {act.reason}")
        said = f"{count} of {len(deliveries)} are sent again; the others still wait."
        self.message_user(request, said)
        return None


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(ReadOnlyAdmin):
    """One that stays `started` had a worker that ended without a word."""

    list_display = ["at", "delivery", OUTCOME, "detail"]
    list_filter = ["outcome", ("at", DayFilter)]
    list_select_related = ["delivery"]
    search_fields = ["=delivery__id", "=delivery__user_id"]
    ordering = ["-id"]


@admin.register(Provider)
class ProviderAdmin(ReadOnlyAdmin):
    list_display = ["name", "failures", "paused_until", "next_slot_at"]
