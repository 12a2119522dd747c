"""What a member qualifies for, from the rows."""

from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from badges.models import EarnedBadge
from core.errors import Conflict
from nft.models import Tier, UpgradeRequest, UserNft
from nft.services.judging import LevelQualification, Standing, judge_tier, judge_tiers
from nft.terms import TierTerms
from trading.models import UserVolume


@dataclass(frozen=True)
class Qualification:
    """`volume` in US dollars; one verdict for each tier on offer, lowest first."""

    volume: Decimal
    levels: list[LevelQualification]


def qualification_of(user: User) -> Qualification:
    """What every tier on offer asks of this member, and what is missing."""
    standing = standing_of(user)
    tiers = [TierTerms.of(tier) for tier in Tier.objects.on_offer()]
    return Qualification(standing.volume, judge_tiers(tiers=tiers, standing=standing))


def check_qualified(*, user: User, tier: Tier) -> None:
    """Raises Conflict NOT_QUALIFIED, with `details.missing`, unless the member may have `tier`.

    Reads without locking: call it inside the transaction that reserves the badges, which
    the unique indexes and the badges' own conditional updates keep honest.
    """
    lowest = Tier.objects.on_offer().first() or tier
    verdict = judge_tier(tier=TierTerms.of(tier), lowest=lowest.level, standing=standing_of(user))
    if not verdict.qualified:
        raise Conflict(
            "NOT_QUALIFIED",
            f"You do not qualify for level {tier.level} yet.",
            details={"missing": [reason.as_json() for reason in verdict.missing]},
        )


def standing_of(user: User) -> Standing:
    nfts = UserNft.objects.of_user(user.id)
    running = UpgradeRequest.objects.open().of_user(user.id)
    return Standing(
        volume=UserVolume.objects.total_of(user.id),
        badges=EarnedBadge.objects.status_by_slug(user.id),
        owned_level=nfts.highest_level(),
        has_unlocked=UserNft.objects.unlocked_by(user.id).exists(),
        open_level=running.values_list("target_level", flat=True).first(),
    )
