"""The ladder of memberships."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from badges.models import BadgeDefinition


class TierQuerySet(models.QuerySet["Tier"]):
    def on_offer(self) -> "TierQuerySet":
        """Tiers that can be unlocked or upgraded to now, lowest first, with their badges."""
        return self.filter(is_active=True).order_by("level").prefetch_related("required_badges")


class Tier(models.Model):
    """A level that a member can reach. `required_volume` is in US dollars.

    What an NFT gives is copied into it when it is ordered, so edits here never change it.
    """

    level = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=32, unique=True)
    symbol = models.CharField(max_length=10)
    description = models.CharField(max_length=200, blank=True)
    colour = models.CharField(max_length=7, default="#8c8c8c", help_text="#rrggbb")
    required_volume = models.DecimalField(max_digits=24, decimal_places=8, default=Decimal(0))
    required_badges = models.ManyToManyField(BadgeDefinition, blank=True, related_name="tiers")
    trading_fee_reduction = models.CharField(max_length=10, help_text="For example 10%")
    ai_agent_weekly_uses = models.PositiveIntegerField(default=0)
    priority_support = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    objects = TierQuerySet.as_manager()

    class Meta:
        ordering = ["level"]
        constraints = [
            models.CheckConstraint(condition=Q(level__gte=1), name="tier_level_from_one"),
            models.CheckConstraint(
                condition=Q(required_volume__gte=0), name="tier_volume_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(colour__regex=r"^#[0-9a-f]{6}$"), name="tier_colour_is_hex"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.name}"

    @property
    def benefits(self) -> dict[str, Any]:
        """As documented: `{tradingFeeReduction, aiAgentWeeklyUses, prioritySupport}`."""
        return {
            "tradingFeeReduction": self.trading_fee_reduction,
            "aiAgentWeeklyUses": self.ai_agent_weekly_uses,
            "prioritySupport": self.priority_support,
        }

    def badge_slugs(self) -> list[str]:
        return sorted(badge.slug for badge in self.required_badges.all())
