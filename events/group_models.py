"""Where each consumer group stands, what it has done, and what it could not digest."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

if TYPE_CHECKING:
    from events.models import Event


OPERATOR = "operator:"


class LeaseLost(Exception):
    """Another reader has taken the group over; what this one did must not count."""


# Every batch of every group ends with it: building it anew with the ORM took a third of the
# time that a reader spends on a small batch.
MOVE = """UPDATE "events_consumergroup" SET "position" = %s, lease_until = statement_timestamp() + %s * interval '1 second'
WHERE name = %s AND epoch = %s AND position = %s
"""


@dataclass(frozen=True)
class Lease:
    """The right to read for a group: worth something only while `epoch` is the row's."""

    group: str
    epoch: int
    position: int


class GroupCursorQuerySet(models.QuerySet["GroupCursor"]):
    """Lease times are the database's own, so that clocks of machines need not agree."""

    def acquire(self, group: str, *, owner: str, lease_for: timedelta) -> Lease | None:
        """Become the group's reader, or None while another one is, or the group is stopped."""
        self.get_or_create(name=group)
        with transaction.atomic():
            free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
            row = (
                self.select_for_update(skip_locked=True)
                .filter(free, name=group, stopped_at__isnull=True)
                .first()
            )
            if row is None:
                return None
            lease = Lease(group=group, epoch=row.epoch + 1, position=row.position)
            self.filter(name=group).update(
                epoch=lease.epoch, owner=owner, lease_until=Now() + lease_for
            )
            return lease

    def seize(self, group: str, *, owner: str, lease_for: timedelta) -> Lease | None:
        """Take the group from its reader, whose batch in progress then counts for nothing.

        For operators, whose `owner` begins with OPERATOR: None while another one holds it.
        """
        self.get_or_create(name=group)
        with transaction.atomic():
            row = self.select_for_update().get(name=group)
            busy = self.filter(name=group, owner__startswith=OPERATOR, lease_until__gte=Now())
            if busy.exists():
                return None
            lease = Lease(group=group, epoch=row.epoch + 1, position=row.position)
            self.filter(name=group).update(
                epoch=lease.epoch, owner=owner, lease_until=Now() + lease_for
            )
            return lease

    def move(self, lease: Lease, to: int, *, lease_for: timedelta) -> Lease:
        """Raises LeaseLost."""
        with connection.cursor() as cursor:
            cursor.execute(
                MOVE,
                [to, lease_for.total_seconds(), lease.group, lease.epoch, lease.position],
            )
            if not cursor.rowcount:
                raise LeaseLost(lease.group)
        return replace(lease, position=to)

    def renew(self, lease: Lease, *, lease_for: timedelta) -> None:
        """Raises LeaseLost."""
        if not self.held_by(lease).update(lease_until=Now() + lease_for):
            raise LeaseLost(lease.group)

    def release(self, lease: Lease) -> None:
        self.held_by(lease).update(lease_until=None, owner="")

    def stop(self, lease: Lease, *, reason: str) -> None:
        """Nobody reads for the group until it is resumed. Raises LeaseLost."""
        stopped = self.held_by(lease).update(
            stopped_at=Now(), stop_reason=reason[:300], lease_until=None, owner=""
        )
        if not stopped:
            raise LeaseLost(lease.group)

    def resume(self) -> int:
        return self.filter(stopped_at__isnull=False).update(stopped_at=None, stop_reason="")

    def held_by(self, lease: Lease) -> "GroupCursorQuerySet":
        return self.filter(name=lease.group, epoch=lease.epoch)


class GroupCursor(models.Model):
    """Everything up to `position` is done. Each change of reader raises `epoch`."""

    name = models.CharField(max_length=64, primary_key=True)
    position = models.BigIntegerField(default=0)
    epoch = models.BigIntegerField(default=0)
    owner = models.CharField(max_length=120, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stop_reason = models.CharField(max_length=300, blank=True, default="")

    objects = GroupCursorQuerySet.as_manager()

    class Meta:
        db_table = "events_consumergroup"
        verbose_name = "consumer group"
        permissions = [("replay_groupcursor", "Can replay the log for a consumer group")]

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"


class ProcessedEventQuerySet(models.QuerySet["ProcessedEvent"]):
    def claim(self, group: str, event_ids: Iterable[UUID]) -> set[UUID]:
        """Record that the group handles these; return those that it has not handled before."""
        with connection.cursor() as cursor:
            cursor.execute(
                'INSERT INTO events_processedevent ("group", event_id, processed_at)'
                " SELECT %s, unnest(%s::uuid[]), statement_timestamp()"
                " ON CONFLICT DO NOTHING RETURNING event_id",
                [group, list(event_ids)],
            )
            return {row[0] for row in cursor.fetchall()}


class ProcessedEvent(models.Model):
    """A transactional group has handled this event, whichever bus brought it."""

    group = models.CharField(max_length=64)
    event_id = models.UUIDField()
    processed_at = models.DateTimeField()

    objects = ProcessedEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "event_id"], name="event_processed_once")
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.event_id}"


class DeadLetterQuerySet(models.QuerySet["DeadLetter"]):
    def waiting(self) -> "DeadLetterQuerySet":
        """Those that nobody has decided about."""
        return self.filter(discarded_at__isnull=True)

    def bury(self, group: str, event: "Event", *, error: str) -> None:
        """Once a group, so that a group that is sent back over its log may meet it again."""
        known = {"position": event.place, "type": event.type, "error": error[:500]}
        self.get_or_create(group=group, event_id=event.event_id, defaults=known)


class DeadLetter(models.Model):
    """An event that a group could not handle and has passed over.

    It goes when it was handled after all; one that was discarded stays, with the reason.
    """

    group = models.CharField(max_length=64)
    event_id = models.UUIDField()
    position = models.BigIntegerField()
    type = models.CharField(max_length=64)
    error = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=Now())
    discarded_at = models.DateTimeField(null=True)
    discard_reason = models.CharField(max_length=300, blank=True, default="")

    objects = DeadLetterQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("redrive_deadletter", "Can hand dead letters to their group again"),
            ("discard_deadletter", "Can discard dead letters"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["group", "event_id"], name="event_dead_once_a_group")
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.type} {self.event_id}"
