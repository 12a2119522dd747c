"""What members were told that they qualify for, and the rules by which badges are awarded."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from badges.models import BadgeDefinition


class QualificationRecord(models.Model):
    """What a member was last told, and what they had then; written under its row lock.

    `levels` were open to them. `volume` in US dollars; `badges` their status by slug; `place`
    sums up their NFTs. `ladder` is the fingerprint of the tiers at the last judgement.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="qualification",
    )
    levels = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    volume = models.DecimalField(max_digits=28, decimal_places=8, default=Decimal(0))
    badges = models.JSONField(default=dict, blank=True)
    place = models.CharField(max_length=40, blank=True)
    ladder = models.CharField(max_length=64, blank=True, db_index=True)

    class Meta:
        db_table = "qualifications"

    def __str__(self) -> str:
        return f"{self.user_id}: {self.levels}"


class AwardRuleQuerySet(models.QuerySet["AwardRule"]):
    def in_force(self) -> "AwardRuleQuerySet":
        return (
            self.filter(is_active=True, badge__is_active=True)
            .select_related("badge")
            .prefetch_related("badges")
            .order_by("id")
        )


class AwardRule(models.Model):
    """Awards its badge to whoever meets everything that is filled in; any rule of a badge does.

    The window bounds the trades that count; a rule that asks for no trades awards only while
    it is open, and a rule that asks for nothing else awards for one trade in it.
    """

    badge = models.ForeignKey(BadgeDefinition, on_delete=models.CASCADE, related_name="rules")
    is_active = models.BooleanField(default=True)
    volume_at_least = models.DecimalField(
        max_digits=24, decimal_places=8, null=True, blank=True, help_text="US dollars traded"
    )
    trades_at_least = models.PositiveIntegerField(null=True, blank=True)
    trades_within_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The trades lie within so many days; empty: at any time"
    )
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    badges = models.ManyToManyField(
        BadgeDefinition, blank=True, related_name="+", help_text="Has or had all of these"
    )
    tier_level = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Holds an NFT of this level or a higher one…"
    )
    tier_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="…and has for so many days"
    )
    changed_at = models.DateTimeField(auto_now=True)
    swept_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AwardRuleQuerySet.as_manager()

    class Meta:
        ordering = ["badge", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(volume_at_least__gt=0), name="rule_volume_positive"),
            models.CheckConstraint(
                condition=Q(trades_at_least__gte=1), name="rule_trades_from_one"
            ),
            models.CheckConstraint(
                condition=Q(trades_within_days__isnull=True)
                | Q(trades_within_days__gte=1, trades_at_least__isnull=False),
                name="rule_period_is_of_trades",
            ),
            models.CheckConstraint(
                condition=Q(opens_at__lt=models.F("closes_at")), name="rule_opens_before_it_closes"
            ),
            models.CheckConstraint(
                condition=Q(tier_level__isnull=True, tier_days__isnull=True)
                | Q(tier_level__isnull=False, tier_level__gte=1, tier_days__isnull=False),
                name="rule_tier_has_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.badge_id}: rule {self.pk}"

    @property
    def has_window(self) -> bool:
        return self.opens_at is not None or self.closes_at is not None

    @property
    def counts_trades(self) -> bool:
        return self.volume_at_least is not None or self.trades_at_least is not None

    def is_open(self, now: datetime) -> bool:
        return (self.opens_at is None or self.opens_at <= now) and (
            self.closes_at is None or now < self.closes_at
        )
