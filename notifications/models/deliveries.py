"""What leaves the house: one row for each notification, channel and target.

Claim, send, record: a worker takes the row for a while, calls the provider, and writes down
how it went. The row says what is due, so that messages to workers may be lost.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from core.ids import uuid7
from notifications.models.notifications import Notification

# Longer than a mail or a push takes with all its timeouts; a dead worker's row waits so long.
LEASE = timedelta(seconds=60)


class Channel(models.TextChoices):
    IN_APP = "in_app"
    EMAIL = "email"
    WEB_PUSH = "web_push"


class Purpose(models.TextChoices):
    NOTIFICATION = "notification"
    VERIFICATION = "verification"  # the mail that asks whether an address is theirs


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    SKIPPED = "skipped"  # not wanted any more, or nobody there
    DEAD = "dead"  # given up; an operator may send it again


class Outcome(models.TextChoices):
    STARTED = "started"  # and never heard of again, if it stays
    SENT = "sent"
    REFUSED = "refused"  # for good
    DEFERRED = "deferred"  # this message, for now
    BUSY = "busy"  # the provider wants fewer of us
    SILENT = "silent"  # the provider cannot be reached or used
    GONE = "gone"  # the addressee is no more


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, *, now: datetime) -> "DeliveryQuerySet":
        free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
        return self.filter(free, status=DeliveryStatus.WAITING, next_run_at__lte=now)

    def claim(self, delivery_id: UUID, *, now: datetime) -> UUID | None:
        """Take a due row; None when it rests, is done, or somebody works on it."""
        token = uuid7()
        taken = self.due(now=now).filter(id=delivery_id)
        return token if taken.update(claimed_by=token, claimed_until=now + LEASE) else None

    def in_hand(self, channel: str, *, now: datetime) -> int:
        return self.filter(channel=channel, claimed_until__gt=now).count()

    def release(self, delivery_id: UUID, *, token: UUID, **changes: Any) -> bool:
        """Give the row back with what was found out; False when it is no longer ours."""
        mine = self.filter(id=delivery_id, claimed_by=token)
        return bool(mine.update(claimed_by=None, claimed_until=None, **changes))

    def waiting_verifications(self, user_id: UUID) -> "DeliveryQuerySet":
        return self.filter(
            user_id=user_id, purpose=Purpose.VERIFICATION, status=DeliveryStatus.WAITING
        )


class Delivery(models.Model):
    """`target` tells apart the places of one channel: a push subscription's id; empty for mail.

    Of a verification it is the mark of the address (`address_mark`). `resends` counts an
    operator's orders to send it again; it is part of what providers know the message by.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purpose = models.CharField(max_length=16, choices=Purpose.choices, default=Purpose.NOTIFICATION)
    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, null=True, related_name="deliveries"
    )
    user_id = models.UUIDField(db_index=True)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    target = models.CharField(max_length=64, blank=True)
    status = models.CharField(
        max_length=8, choices=DeliveryStatus.choices, default=DeliveryStatus.WAITING
    )
    reason = models.CharField(max_length=200, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    next_run_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    slot_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "channel", "target"], name="one_delivery_a_target"
            ),
            models.CheckConstraint(
                condition=Q(status__in=DeliveryStatus.values), name="delivery_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=[Channel.EMAIL, Channel.WEB_PUSH]),
                name="delivery_channel_leaves_the_house",
            ),
            models.CheckConstraint(
                condition=Q(purpose="notification", notification__isnull=False)
                | Q(purpose="verification", notification__isnull=True),
                name="delivery_has_what_it_delivers",
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False),
                name="delivery_sent_has_its_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_run_at"], condition=Q(status="waiting"), name="delivery_due"
            ),
            models.Index(
                fields=["channel"], condition=Q(claimed_until__isnull=False), name="delivery_taken"
            ),
            models.Index(
                fields=["target", "created_at"],
                condition=Q(purpose="verification"),
                name="delivery_verification",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.id}"

    @property
    def key(self) -> str:
        """What a provider knows this message by: the same at every attempt."""
        return f"{self.id.hex}.{self.resends}"


class DeliveryAttempt(models.Model):
    """One call to a provider, written down before it is made."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.STARTED)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="attempt_outcome_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} at {self.at}"
