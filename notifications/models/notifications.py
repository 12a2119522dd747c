"""What a member was told, one row an event, in the words of that moment."""

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Q

from core.ids import uuid7
from notifications.kinds import Priority


class NotificationQuerySet(models.QuerySet["Notification"]):
    def inbox_of(self, user_id: UUID) -> "NotificationQuerySet":
        return self.filter(user_id=user_id, in_inbox=True)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at__isnull=True)

    def mark_read(self, *, now: datetime) -> int:
        """Returns how many had not been read."""
        return self.unread().update(read_at=now)


class Notification(models.Model):
    """`user_id` is no foreign key: an event may name a member who has been erased since.

    `in_inbox` is False for a member who wants this type by mail or push only.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event_id = models.UUIDField(unique=True)
    user_id = models.UUIDField()
    type = models.CharField(max_length=64)
    priority = models.CharField(max_length=8, choices=Priority.choices)
    title = models.CharField(max_length=120)
    message = models.CharField(max_length=500)
    link = models.CharField(max_length=300)
    in_inbox = models.BooleanField(default=True)
    correlation_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(help_text="When it happened")
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="notification_priority_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["user_id", "-id"], name="notification_of_a_user"),
            models.Index(
                fields=["user_id"],
                condition=Q(read_at__isnull=True, in_inbox=True),
                name="notification_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
