"""What happened, once each, and how often."""

from django.db import models


class Fact(models.Model):
    """One event, with the few values that figures are made of; every figure follows from these.

    `at` is when it was published, to the millisecond, as both buses carry it. `amount` is the
    change of a volume in USD, `level` a tier, `badge` a slug, `reason` an error code or text.
    """

    event_id = models.UUIDField(primary_key=True, editable=False)
    position = models.BigIntegerField(unique=True)
    type = models.CharField(max_length=64)
    at = models.DateTimeField()
    user_id = models.UUIDField(null=True)
    request_id = models.UUIDField(null=True)
    nft_id = models.UUIDField(null=True)
    level = models.IntegerField(null=True)
    badge = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=80, blank=True)
    amount = models.DecimalField(max_digits=28, decimal_places=8, null=True)
    duration_ms = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-position"]
        indexes = [
            models.Index(fields=["type", "at"], name="fact_by_type_and_time"),
            models.Index(fields=["user_id", "position"], name="fact_by_user"),
        ]
        permissions = [("view_dashboard", "Can see the dashboards")]

    def __str__(self) -> str:
        return f"{self.type} at {self.position}"


class TypeMinute(models.Model):
    """How many events of a type were published in the minute that begins at `minute`."""

    minute = models.DateTimeField()
    type = models.CharField(max_length=64)
    events = models.BigIntegerField()

    class Meta:
        db_table = "analytics_type_minute"
        ordering = ["-minute", "type"]
        constraints = [models.UniqueConstraint(fields=["minute", "type"], name="type_minute_once")]

    def __str__(self) -> str:
        return f"{self.events} {self.type}"


class Figure(models.TextChoices):
    """What `Daily` adds up, and what its `key` is."""

    EVENTS = "events", "events (type)"
    FUNNEL = "funnel", "steps (qualified, unlocked, started, burned, completed)"
    TIER_QUALIFIED = "tier_qualified", "qualified for a tier (level)"
    TIER_UNLOCKED = "tier_unlocked", "unlocked NFTs (level)"
    TIER_STARTED = "tier_started", "upgrades started (target level)"
    TIER_COMPLETED = "tier_completed", "upgrades completed (level)"
    BADGE_EARNED = "badge_earned", "badges earned (slug)"
    BADGE_ACTIVATED = "badge_activated", "badges activated (slug)"
    BADGE_CONSUMED = "badge_consumed", "badges consumed (slug)"
    BADGE_REVOKED = "badge_revoked", "badges revoked (slug)"
    FAILURE = "failure", "failures (type: reason)"
    VOLUME = "volume", "traded volume, USD"


class Daily(models.Model):
    """A sum of a day (UTC), by a key such as a tier, a badge, a step or a reason."""

    day = models.DateField()
    figure = models.CharField(max_length=16, choices=Figure.choices)
    key = models.CharField(max_length=160)
    value = models.DecimalField(max_digits=32, decimal_places=8)

    class Meta:
        verbose_name_plural = "daily sums"
        ordering = ["-day", "figure", "key"]
        constraints = [
            models.UniqueConstraint(fields=["day", "figure", "key"], name="daily_once"),
            models.CheckConstraint(
                condition=models.Q(figure__in=Figure.values), name="daily_figure_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.figure} {self.key}"
