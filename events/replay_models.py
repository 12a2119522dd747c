"""Replays that operators asked for in the admin."""

from django.db import models
from django.db.models.functions import Now


class ReplayOrderQuerySet(models.QuerySet["ReplayOrder"]):
    def unfinished(self) -> "ReplayOrderQuerySet":
        """In the order in which they were asked for."""
        return self.filter(ended_at__isnull=True).order_by("pk")

    def next_of_each_group(self) -> list["ReplayOrder"]:
        first: dict[str, ReplayOrder] = {}
        for order in self.unfinished():
            first.setdefault(order.group, order)
        return list(first.values())


class ReplayOrder(models.Model):
    """The row is the order: a message to a worker may vanish, and is sent again until it ended.

    `start`, `end`, `types` and `user` are as an operator types them (events/selection.py).
    """

    class Into(models.TextChoices):
        LIVE = "live", "live"
        SHADOW = "shadow", "shadow"
        SWAP = "swap", "shadow, then swap"

    group = models.CharField(max_length=64)
    start = models.CharField(max_length=64, blank=True, default="")
    end = models.CharField(max_length=64, blank=True, default="")
    types = models.JSONField(default=list)
    user = models.CharField(max_length=36, blank=True, default="")
    into = models.CharField(max_length=8, choices=Into.choices)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    events = models.BigIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True, default="")

    objects = ReplayOrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(into__in=["live", "shadow", "swap"]), name="replay_into_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.group} into {self.into}: {self.state}"

    @property
    def state(self) -> str:
        if self.ended_at is not None:
            return "failed" if self.error else "done"
        return "waiting" if self.started_at is None else "running"

    def begin(self) -> None:
        type(self).objects.filter(pk=self.pk).unfinished().update(started_at=Now())

    def postpone(self, reason: str) -> None:
        """It will be tried again."""
        type(self).objects.filter(pk=self.pk).unfinished().update(error=reason[:500])

    def finish(self, *, events: int | None = None, error: str = "") -> None:
        """Once: of two workers that had the order the first one's word stands."""
        own = type(self).objects.filter(pk=self.pk).unfinished()
        own.update(ended_at=Now(), events=events, error=error[:500])
