"""What a member qualifies for, from the rows."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from accounts.models import User
from core.errors import Conflict
from nft.models import Tier
from nft.services.judging import (
    LevelQualification,
    Standing,
    choose_badges,
    judge_tier,
    judge_tiers,
)
from nft.services.standings import standings_of
from nft.terms import TierTerms


@dataclass(frozen=True)
class Qualification:
    """`volume` in US dollars; one verdict for each tier on offer, lowest first."""

    volume: Decimal
    levels: list[LevelQualification]


def qualification_of(user: User, *, now: datetime) -> Qualification:
    """What every tier on offer asks of this member, and what is missing."""
    standing = standing_of(user)
    tiers = [TierTerms.of(tier) for tier in Tier.objects.on_offer()]
    return Qualification(standing.volume, judge_tiers(tiers=tiers, standing=standing, now=now))


def check_qualified(*, user: User, tier: Tier, now: datetime) -> TierTerms:
    """The terms to freeze, with exactly the badges to take, if the member may have `tier`.

    Raises Conflict NOT_QUALIFIED, with `details.missing`. Reads without locking: call it
    inside the transaction that reserves the badges, which the unique indexes and the badges'
    own conditional updates keep honest.
    """
    lowest = Tier.objects.on_offer().first() or tier
    terms, standing = TierTerms.of(tier), standing_of(user)
    verdict = judge_tier(tier=terms, lowest=lowest.level, standing=standing, now=now)
    if not verdict.qualified:
        raise Conflict(
            "NOT_QUALIFIED",
            f"You do not qualify for level {tier.level} yet.",
            details={"missing": [reason.as_json() for reason in verdict.missing]},
        )
    return replace(terms, badges=choose_badges(terms, standing), badges_needed=None)


def standing_of(user: User) -> Standing:
    return standings_of([user.id])[user.id]
