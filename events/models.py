"""The event log: rows are written in any order and numbered by the sequencer."""

from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from psycopg.types.json import Jsonb

from core.ids import uuid7
from events.crash_marks import CrashMark
from events.group_models import (
    OPERATOR,
    DeadLetter,
    GroupCursor,
    Lease,
    LeaseLost,
    ProcessedEvent,
)
from events.replay_models import ReplayOrder

__all__ = [
    "OPERATOR",
    "Audience", "CrashMark", "DeadLetter", "Event", "GroupCursor", "Lease", "LeaseLost", "ProcessedEvent",
    "ReplayOrder", "Sequencer", "UserSequence",
]  # fmt: skip


class Audience(models.TextChoices):
    USER = "user"  # the user's browser and services
    ADMIN = "admin"  # the admins' stream and services
    INTERNAL = "internal"  # services only


# The ORM builds it anew for each event: publishing one took 404 µs of CPU time, and 311 with this.
APPEND = """
INSERT INTO events_event (event_id, type, version, audience, user_id, aggregate_id, message, data,
    correlation_id, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
RETURNING id, upgrade_request_id
"""


class EventQuerySet(models.QuerySet["Event"]):
    """What readers may ask; none of these returns a row that has no place yet."""

    def append(self, event: "Event") -> None:
        """`event.save()` of a new event, in fewer steps."""
        row: list[Any] = [
            event.event_id, event.type, event.version, event.audience, event.user_id,
            event.aggregate_id, event.message, Jsonb(event.data), event.correlation_id,
            event.created_at,
        ]  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(APPEND, row)
            event.pk, event.upgrade_request_id = cursor.fetchone()
        event._state.adding, event._state.db = False, connection.alias

    def after_position(self, position: int) -> "EventQuerySet":
        return self.filter(position__gt=position).order_by("position")

    def next_after(self, position: int, *, limit: int) -> "list[Event]":
        """`after_position(position)[:limit]` at a third of its cost, for loops that ask for few."""
        sql = "SELECT * FROM events_event WHERE position > %s ORDER BY position LIMIT %s"
        return list(self.raw(sql, [position, limit]))

    def for_user(self, user_id: UUID, *, after: int = 0) -> "EventQuerySet":
        """One user's feed; `after` is a `sequence`."""
        return self.filter(user_id=user_id, sequence__gt=after).order_by("sequence")

    def for_upgrade(
        self, user_id: UUID, upgrade_request_id: UUID, *, after: int = 0
    ) -> "EventQuerySet":
        """The part of the user's feed that tells of one upgrade."""
        return self.for_user(user_id, after=after).filter(upgrade_request_id=upgrade_request_id)

    def for_admins(self, *, after: int = 0) -> "EventQuerySet":
        """System operations; `after` is a `position`."""
        return self.after_position(after).filter(audience=Audience.ADMIN)

    def head_position(self) -> int:
        """The last position given, 0 before the first."""
        return Sequencer.objects.values_list("position", flat=True).first() or 0

    def user_head(self, user_id: UUID) -> int:
        """The user's last sequence, 0 before the first."""
        heads = UserSequence.objects.filter(user_id=user_id)
        return heads.values_list("sequence", flat=True).first() or 0


class Event(models.Model):
    """One committed fact. Readers see it only once it has a `position`.

    `position` is global, `sequence` per user (audience `user` only); both have no gap.
    """

    event_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    type = models.CharField(max_length=64)
    version = models.CharField(max_length=16)
    audience = models.CharField(max_length=8, choices=Audience.choices)
    user_id = models.UUIDField(null=True)
    aggregate_id = models.UUIDField(null=True)
    message = models.CharField(max_length=300)
    data = models.JSONField()
    correlation_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    position = models.BigIntegerField(null=True, unique=True, editable=False)
    sequence = models.BigIntegerField(null=True, editable=False)
    upgrade_request_id = models.GeneratedField(
        expression=Cast(KT("data__upgradeRequestId"), models.UUIDField()),
        output_field=models.UUIDField(null=True),
        db_persist=True,
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "sequence"], name="event_user_sequence_once"
            ),
            models.CheckConstraint(
                condition=~Q(audience="user") | Q(user_id__isnull=False),
                name="event_for_a_user_names_the_user",
            ),
            models.CheckConstraint(
                condition=Q(sequence__isnull=True) | Q(audience="user", position__isnull=False),
                name="event_sequence_only_for_users",
            ),
            models.CheckConstraint(
                condition=~Q(audience="user", position__isnull=False) | Q(sequence__isnull=False),
                name="event_of_a_user_has_both_numbers",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(position__isnull=True), name="event_unnumbered"
            ),
            models.Index(
                fields=["user_id", "upgrade_request_id", "sequence"],
                condition=Q(upgrade_request_id__isnull=False),
                name="event_of_an_upgrade",
            ),
            models.Index(
                fields=["position"], condition=Q(audience="admin"), name="event_for_admins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def place(self) -> int:
        """The position of an event that came out of the log."""
        if self.position is None:
            raise ValueError(f"{self} has no place in the log yet")
        return self.position


class Sequencer(models.Model):
    """The head of the log, in one row, so that deleting old events cannot reuse a number."""

    position = models.BigIntegerField()

    class Meta:
        db_table = "events_sequencer"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="sequencer_is_one_row")]

    def __str__(self) -> str:
        return f"at {self.position}"


class UserSequence(models.Model):
    """The head of one user's feed."""

    user_id = models.UUIDField(primary_key=True)
    sequence = models.BigIntegerField()

    class Meta:
        db_table = "events_user_sequence"

    def __str__(self) -> str:
        return f"{self.user_id} at {self.sequence}"
