"""How far a member is from the next tier."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import User
from badges.models import BadgeStatus, EarnedBadge
from nft.models import Tier
from nft.services.judging import Missing, Standing, judge_tier, needed_of
from nft.services.qualification import standing_of
from nft.terms import TierTerms


@dataclass(frozen=True)
class BadgeNeed:
    """`status` is empty for a badge that the member never earned."""

    slug: str
    name: str
    description: str
    status: str
    badge_id: str | None

    @property
    def counts(self) -> bool:
        return self.status in (BadgeStatus.ACTIVATED, BadgeStatus.RESERVED)

    @property
    def can_activate(self) -> bool:
        return self.status == BadgeStatus.EARNED


@dataclass(frozen=True)
class NextTier:
    """`volume` and `required` in US dollars; `is_first` is reached by unlocking."""

    tier: Tier
    is_first: bool
    volume: Decimal
    required: Decimal
    badges: list[BadgeNeed]
    needed: int
    missing: list[Missing]

    @property
    def is_open(self) -> bool:
        return not self.missing

    @property
    def has_volume(self) -> bool:
        return self.volume >= self.required

    @property
    def volume_left(self) -> Decimal:
        return max(Decimal(0), self.required - self.volume)

    @property
    def badges_there(self) -> int:
        return min(self.needed, sum(badge.counts for badge in self.badges))

    @property
    def other_reasons(self) -> list[dict[str, Any]]:
        """What neither the volume bar nor the list of badges shows."""
        shown = ("VOLUME_TOO_LOW", "BADGE", "UPGRADE_OPEN")
        others = (reason for reason in self.missing if not reason.code.startswith(shown))
        return [reason.as_json() for reason in others]


def next_tier_of(user: User, *, now: datetime) -> NextTier | None:
    """None at the top of the ladder, and while there are no tiers."""
    standing, ladder = standing_of(user), list(Tier.objects.on_offer())
    tier = _next(ladder, standing)
    if tier is None:
        return None
    terms = TierTerms.of(tier)
    verdict = judge_tier(tier=terms, lowest=ladder[0].level, standing=standing, now=now)
    return NextTier(
        tier=tier,
        is_first=standing.owned_level is None,
        volume=standing.volume,
        required=tier.required_volume,
        badges=_needs(tier, user),
        needed=needed_of(terms),
        missing=verdict.missing,
    )


def _next(ladder: list[Tier], standing: Standing) -> Tier | None:
    owned = standing.owned_level
    if owned is None:
        return ladder[0] if ladder else None
    return next((tier for tier in ladder if tier.level == owned + 1), None)


def _needs(tier: Tier, user: User) -> list[BadgeNeed]:
    held = {badge.definition_id: badge for badge in EarnedBadge.objects.of_user(user.id)}
    return [
        BadgeNeed(
            slug=definition.slug,
            name=definition.name,
            description=definition.description,
            status=held[definition.id].status if definition.id in held else "",
            badge_id=str(held[definition.id].id) if definition.id in held else None,
        )
        for definition in sorted(tier.required_badges.all(), key=lambda badge: badge.slug)
    ]
