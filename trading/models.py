"""Trades, what they add up to per user, and the milestones that the sums pass."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.ids import uuid7


class TradeQuerySet(models.QuerySet["Trade"]):
    def with_trade_ids(self, trade_ids: Iterable[str]) -> dict[str, "Trade"]:
        """The recorded trades among `trade_ids`, by trade id, with their users."""
        known = self.filter(trade_id__in=list(trade_ids)).select_related("user", "corrects")
        return {trade.trade_id: trade for trade in known}

    def in_force(self) -> "TradeQuerySet":
        """What counts: without trades that were corrected, and those that were cancelled."""
        return self.filter(corrected_by__isnull=True, volume_usd__gt=0)


class Trade(models.Model):
    """One trade, counted once. `trade_id` is the name that the trading system gave it.

    A row never changes. A correction is a row that takes the place of another one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    trade_id = models.CharField(max_length=100, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="trades"
    )
    volume_usd = models.DecimalField(max_digits=20, decimal_places=8)
    executed_at = models.DateTimeField()
    received_at = models.DateTimeField()
    source = models.CharField(max_length=80)
    corrects = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrected_by"
    )

    objects = TradeQuerySet.as_manager()

    class Meta:
        db_table = "trades"
        constraints = [
            models.CheckConstraint(
                condition=Q(volume_usd__gt=0) | Q(volume_usd=0, corrects__isnull=False),
                name="trade_volume_is_positive",
            ),
        ]
        indexes = [models.Index(fields=["user", "executed_at"], name="trade_by_user_and_time")]

    def __str__(self) -> str:
        return self.trade_id


class UserVolumeQuerySet(models.QuerySet["UserVolume"]):
    def locked(self, user_ids: Iterable[UUID]) -> list["UserVolume"]:
        """Rows locked in user id order, so that two batches never wait for each other."""
        return list(self.filter(user_id__in=list(user_ids)).select_for_update().order_by("user_id"))

    def total_of(self, user_id: UUID) -> Decimal:
        """In USD; 0 for someone who never traded."""
        total = self.filter(user_id=user_id).values_list("total", flat=True).first()
        return Decimal(0) if total is None else total


class UserVolume(models.Model):
    """The sum (USD) and the number of a user's trades in force, kept with every batch.

    28 digits are what Python's default decimal context adds without rounding.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="volume",
    )
    total = models.DecimalField(max_digits=28, decimal_places=8, default=Decimal(0))
    trades = models.PositiveBigIntegerField(default=0)

    objects = UserVolumeQuerySet.as_manager()

    class Meta:
        db_table = "user_volumes"
        constraints = [
            models.CheckConstraint(condition=Q(total__gte=0), name="user_volume_not_negative")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.total}"


class VolumeMilestone(models.Model):
    """A volume (whole USD) worth telling; `tier_unlocked` is the tier level it opens, if any."""

    amount = models.DecimalField(max_digits=20, decimal_places=0, unique=True)
    tier_unlocked = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        db_table = "volume_milestones"
        ordering = ["amount"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="milestone_is_positive"),
            models.CheckConstraint(condition=Q(tier_unlocked__gte=1), name="milestone_tier_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} USD"


class MilestoneReached(models.Model):
    """A user passed a milestone; told once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="milestones"
    )
    milestone = models.ForeignKey(VolumeMilestone, on_delete=models.PROTECT, related_name="reached")
    volume = models.DecimalField(max_digits=28, decimal_places=8)
    reached_at = models.DateTimeField()

    class Meta:
        db_table = "milestones_reached"
        verbose_name_plural = "milestones reached"
        constraints = [
            models.UniqueConstraint(fields=["user", "milestone"], name="milestone_once_per_user")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} passed {self.milestone_id}"
