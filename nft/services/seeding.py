"""The ladder that a new installation starts with; what an operator edits afterwards stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from badges.models import BadgeDefinition
from nft.models import AwardRule, Tier
from nft.services.tiers import keep_version

SYMBOL = "AIW3"


@dataclass(frozen=True)
class BadgePlan:
    """`rule` is what its award rule asks for; without one it is awarded by hand or a service."""

    slug: str
    name: str
    description: str
    rule: Mapping[str, int] | None = None


@dataclass(frozen=True)
class TierPlan:
    """`volume` in US dollars, in step with the milestones of `trading`."""

    level: int
    name: str
    description: str
    colour: str
    volume: int
    fee_reduction: str
    weekly_uses: int
    priority_support: bool
    badges: list[BadgePlan] = field(default_factory=list)


LADDER = [
    TierPlan(
        1, "Pathfinder", "The first step of the ladder.", "#4fa3a5", 100_000, "5%", 5, False,
        [
            BadgePlan("first-steps", "First Steps", "Traded the first 50,000 USD.",
                      {"volume_at_least": 50_000}),
        ],
    ),
    TierPlan(
        2, "Navigator", "Knows the markets and keeps a course.", "#4f7fd9", 250_000, "10%", 10,
        False,
        [
            BadgePlan("steady-hand", "Steady Hand", "Made three trades within 30 days.",
                      {"trades_at_least": 3, "trades_within_days": 30}),
            BadgePlan("market-scholar", "Market Scholar", "Finished the course on risk."),
        ],
    ),
    TierPlan(
        3, "Strategist", "Plans ahead and shares what works.", "#8a63d2", 500_000, "20%", 20, True,
        [
            BadgePlan("strategy-author", "Strategy Author", "Published a strategy."),
            BadgePlan("risk-keeper", "Risk Keeper", "Kept every loss limit for a quarter."),
        ],
    ),
    TierPlan(
        4, "Luminary", "Lights the way for other members.", "#d9903d", 1_000_000, "35%", 40, True,
        [
            BadgePlan("mentor", "Mentor", "Guided five members to their first NFT."),
            BadgePlan("season-finalist", "Season Finalist", "Reached the final of a season."),
            BadgePlan("community-voice", "Community Voice", "Took part in ten votes."),
        ],
    ),
    TierPlan(
        5, "Sovereign", "The highest membership.", "#c9a227", 2_500_000, "50%", 100, True,
        [
            BadgePlan("season-champion", "Season Champion", "Won a season."),
            BadgePlan("liquidity-pillar", "Liquidity Pillar", "Provided liquidity for a year."),
            BadgePlan("council-member", "Council Member", "Was elected to the council."),
        ],
    ),
]  # fmt: skip
EXTRA_BADGES = [BadgePlan("founding-member", "Founding Member", "Joined in the first season.")]


@dataclass(frozen=True)
class Seeded:
    """How many rows were new."""

    tiers: int
    badges: int


@transaction.atomic
def seed_ladder() -> Seeded:
    """Add the tiers and badges that are not there yet; existing rows are never touched."""
    badges = [_add_badge(plan, tier=tier) for tier in LADDER for plan in tier.badges]
    badges += [_add_badge(plan, tier=None) for plan in EXTRA_BADGES]
    tiers = [_add_tier(plan) for plan in LADDER]
    for tier in Tier.objects.filter(versions=None):  # those that are older than versions
        keep_version(tier=tier, author="seed")
    return Seeded(tiers=sum(tiers), badges=sum(badges))


def _add_badge(plan: BadgePlan, *, tier: TierPlan | None) -> bool:
    badge, created = BadgeDefinition.objects.get_or_create(
        slug=plan.slug,
        defaults={
            "name": plan.name,
            "description": plan.description,
            "required_for_tier": tier.level if tier else None,
            "position": tier.level if tier else len(LADDER) + 1,
        },
    )
    if created and plan.rule:
        AwardRule.objects.create(badge=badge, **plan.rule)
    return created


def _add_tier(plan: TierPlan) -> bool:
    """An operator may have given the name to another level: that one stays, ours is left out."""
    if Tier.objects.filter(~Q(level=plan.level), name=plan.name).exists():
        return False
    tier, created = Tier.objects.get_or_create(
        level=plan.level,
        defaults={
            "name": plan.name,
            "symbol": SYMBOL,
            "description": plan.description,
            "colour": plan.colour,
            "required_volume": Decimal(plan.volume),
            "trading_fee_reduction": plan.fee_reduction,
            "ai_agent_weekly_uses": plan.weekly_uses,
            "priority_support": plan.priority_support,
        },
    )
    if created:
        slugs = [badge.slug for badge in plan.badges]
        tier.required_badges.set(BadgeDefinition.objects.filter(slug__in=slugs))
    return created
