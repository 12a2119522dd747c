"""The log and its readers, to look at; and what an operator decides about them."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from core.admin import ReadOnlyAdmin
from core.confirming import acting_as, confirmed
from core.errors import DomainError
from core.filters import DayFilter, one_of
from events.catalogue import event_types
from events.confirming import DiscardForm, RedriveForm, ReplayForm, ResumeForm
from events.dead_letters import Result, discard, redrive
from events.groups import group_names
from events.models import (
    CrashMark,
    DeadLetter,
    Event,
    GroupCursor,
    ProcessedEvent,
    ReplayOrder,
    Sequencer,
    UserSequence,
)
from events.replay_orders import order_replay


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["position", "type", "audience", "user_id", "sequence", "created_at"]
    list_filter = [
        one_of("type", lambda: sorted(event_types())),
        "audience",
        ("created_at", DayFilter),
    ]
    search_fields = ["=event_id", "=user_id", "=correlation_id", "=upgrade_request_id"]
    ordering = ["-id"]


@admin.register(GroupCursor)
class GroupCursorAdmin(ReadOnlyAdmin):
    list_display = [
        "name", "position", "owner", "lease_until", "turned_at", "stopped_at", "stop_reason",
    ]  # fmt: skip
    list_filter = [("stopped_at", admin.EmptyFieldListFilter)]
    search_fields = ["name"]
    actions = ["resume", "replay"]

    def has_resume_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("events.change_groupcursor")

    @admin.action(description="Resume stopped groups…", permissions=["resume"])
    def resume(self, request: HttpRequest, queryset: QuerySet[GroupCursor]) -> HttpResponse | None:
        form = confirmed(request, ResumeForm)
        if isinstance(form, HttpResponse):
            return form
        resumed = 0
        with acting_as(request, form) as act:
            for group in queryset:
                if GroupCursor.objects.filter(name=group.name).resume():
                    resumed += 1
                    self.log_change(request, group, f"Resumed: {act.reason}")
        self.message_user(request, f"{resumed} resumed.")
        return None

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("events.replay_groupcursor")

    @admin.action(description="Replay the log…", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[GroupCursor]) -> HttpResponse | None:
        """In the background; the order is a row that says how it goes."""
        form = confirmed(request, ReplayForm)
        if isinstance(form, HttpResponse):
            return form
        with acting_as(request, form) as act:
            for group in queryset:
                self._order(request, group, form, act.reason)
        return None

    def _order(
        self, request: HttpRequest, group: GroupCursor, form: ReplayForm, reason: str
    ) -> None:
        try:
            order = order_replay(group=group.name, asked_by=str(request.user), **form.order())
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
            return
        self.log_change(request, group, f"Replay {order.pk}: {order}. {reason}")
        self.message_user(request, f"Replay {order.pk} was ordered: see Replay orders.")


@admin.register(ReplayOrder)
class ReplayOrderAdmin(ReadOnlyAdmin):
    list_display = [
        "id",
        "group",
        "into",
        "state",
        "asked_by",
        "asked_at",
        "ended_at",
        "events",
        "error",
    ]
    list_filter = [
        "group",
        "into",
        ("ended_at", admin.EmptyFieldListFilter),
        ("asked_at", DayFilter),
    ]
    search_fields = ["asked_by"]
    ordering = ["-id"]


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    list_display = ["group", "type", "event_id", "position", "error", "created_at", "discarded_at"]
    list_filter = [
        "group",
        "type",
        ("discarded_at", admin.EmptyFieldListFilter),
        ("created_at", DayFilter),
    ]
    search_fields = ["event_id", "error"]
    ordering = ["-id"]
    actions = ["redrive", "discard"]

    def has_redrive_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("events.redrive_deadletter")

    @admin.action(description="Redrive…", permissions=["redrive"])
    def redrive(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        form = confirmed(request, RedriveForm)
        if isinstance(form, HttpResponse):
            return form
        letters = {letter.pk: letter for letter in queryset}
        try:
            with acting_as(request, form) as act:
                outcomes = redrive(letter_ids=letters)
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
            return None
        for outcome in outcomes:
            text = f"Redriven: {outcome.result} {outcome.error}".rstrip()
            self.log_change(request, letters[outcome.letter_id], f"{text}. {act.reason}")
            level = messages.ERROR if outcome.result is Result.FAILED else messages.SUCCESS
            self.message_user(request, f"{letters[outcome.letter_id]}: {text}", level)
        return None

    def has_discard_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("events.discard_deadletter")

    @admin.action(description="Discard…", permissions=["discard"])
    def discard(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        form = confirmed(request, DiscardForm)
        if isinstance(form, HttpResponse):
            return form
        with acting_as(request, form) as act:
            for letter in queryset:
                if discard(letter_ids=[letter.pk], reason=act.reason, now=timezone.now()):
                    self.log_change(request, letter, f"Discarded: {act.reason}")
        self.message_user(request, "Discarded.")
        return None


@admin.register(ProcessedEvent)
class ProcessedEventAdmin(ReadOnlyAdmin):
    list_display = ["group", "event_id", "processed_at"]
    list_filter = [one_of("group", group_names), ("processed_at", DayFilter)]
    search_fields = ["=event_id"]


@admin.register(CrashMark)
class CrashMarkAdmin(ReadOnlyAdmin):
    list_display = ["reader", "partition", "place", "deaths", "alone", "owner"]
    list_filter = ["reader", "alone"]


@admin.register(Sequencer)
class SequencerAdmin(ReadOnlyAdmin):
    list_display = ["position"]


@admin.register(UserSequence)
class UserSequenceAdmin(ReadOnlyAdmin):
    list_display = ["user_id", "sequence"]
    search_fields = ["=user_id"]
