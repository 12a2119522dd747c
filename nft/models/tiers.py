"""The ladder of memberships, and every version of what its tiers offered."""

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

    What an NFT gives is copied into it when it is ordered, so edits here never change it; what
    was offered before an edit is kept as a `TierVersion`.
    """

    level = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=32, unique=True)
    symbol = models.CharField(max_length=10)
    description = models.CharField(max_length=200, blank=True)
    colour = models.CharField(max_length=7, default="#8c8c8c", help_text="#rrggbb")
    required_volume = models.DecimalField(max_digits=24, decimal_places=8, default=Decimal(0))
    required_badges = models.ManyToManyField(BadgeDefinition, blank=True, related_name="tiers")
    badges_needed = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many of the badges are enough; empty: all of them"
    )
    supply_cap = models.PositiveIntegerField(
        null=True, blank=True, help_text="NFTs of this tier that are ever made; empty: no limit"
    )
    available_from = models.DateTimeField(null=True, blank=True, help_text="Empty: at once")
    available_until = models.DateTimeField(null=True, blank=True, help_text="Empty: for ever")
    trading_fee_reduction = models.CharField(max_length=10, help_text="For example 10%")
    ai_agent_weekly_uses = models.PositiveIntegerField(default=0)
    priority_support = models.BooleanField(default=False)
    free_benefits = models.JSONField(
        default=dict, blank=True, help_text="Further benefits, {name: text, whole number or bool}"
    )
    picture_url = models.URLField(
        max_length=300, blank=True, help_text="Shown beside the tier on offer; empty: none"
    )
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

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
            models.CheckConstraint(condition=Q(badges_needed__gte=1), name="tier_needs_a_badge"),
            models.CheckConstraint(condition=Q(supply_cap__gte=1), name="tier_supply_from_one"),
            models.CheckConstraint(
                condition=Q(available_from__lt=models.F("available_until")),
                name="tier_opens_before_it_closes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.name}"

    @property
    def benefits(self) -> dict[str, Any]:
        """As documented: `{tradingFeeReduction, aiAgentWeeklyUses, prioritySupport}`, and more."""
        return {
            **self.free_benefits,
            "tradingFeeReduction": self.trading_fee_reduction,
            "aiAgentWeeklyUses": self.ai_agent_weekly_uses,
            "prioritySupport": self.priority_support,
        }

    def badge_slugs(self) -> list[str]:
        return sorted(badge.slug for badge in self.required_badges.all())


class TierVersion(models.Model):
    """What a tier offered from `created_at` on, until the next version; never changed.

    NFTs, orders and requests name the version of the tier that they were promised.
    """

    tier = models.ForeignKey(Tier, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    terms = models.JSONField(help_text="See nft.terms")
    author = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["tier", "version"]
        constraints = [
            models.UniqueConstraint(fields=["tier", "version"], name="tier_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.tier_id} version {self.version}"
