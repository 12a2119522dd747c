"""The rule of the ladder, as a pure function: what a member's standing opens and what blocks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from badges.models import BadgeStatus
from nft.terms import TierTerms


@dataclass(frozen=True)
class Standing:
    """What a member has. `volume` in US dollars, `badges` their status by slug.

    `owned_level` is the highest level held; None without an NFT. `open_level` is the target
    of the open upgrade, for which the reserved badges are held.
    """

    volume: Decimal
    badges: Mapping[str, str] = field(default_factory=dict)
    owned_level: int | None = None
    has_unlocked: bool = False
    open_level: int | None = None


@dataclass(frozen=True)
class Missing:
    """One reason that blocks a level: a stable code, a sentence, and its figures."""

    code: str
    message: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, **self.figures}


@dataclass(frozen=True)
class LevelQualification:
    level: int
    missing: list[Missing]

    @property
    def qualified(self) -> bool:
        return not self.missing


def judge_tiers(
    *, tiers: Sequence[TierTerms], standing: Standing, now: datetime
) -> list[LevelQualification]:
    """One verdict a tier, lowest first. `tiers` are all those on offer."""
    ladder = sorted(tiers, key=lambda tier: tier.level)
    return [
        judge_tier(tier=tier, lowest=ladder[0].level, standing=standing, now=now) for tier in ladder
    ]


def judge_tier(
    *, tier: TierTerms, lowest: int, standing: Standing, now: datetime
) -> LevelQualification:
    """A level that is already reached has that one reason; the others would only mislead."""
    if standing.owned_level is not None and standing.owned_level >= tier.level:
        return LevelQualification(tier.level, [_already_reached(tier.level, standing.owned_level)])
    reasons = [
        *_judge_time(tier, now),
        *_judge_place(tier.level, lowest, standing),
        *_judge_volume(Decimal(tier.required_volume), standing.volume),
        *_judge_badges(tier, standing),
    ]
    return LevelQualification(tier.level, reasons)


def _already_reached(level: int, owned: int) -> Missing:
    figures = {"currentLevel": owned}
    return Missing("WRONG_LEVEL", f"You already have level {level} or a higher one.", figures)


def _judge_time(tier: TierTerms, now: datetime) -> Iterable[Missing]:
    if not tier.has_opened(now):
        figures = {"availableFrom": tier.available_from}
        yield Missing("NOT_YET_AVAILABLE", f"Level {tier.level} is not open yet.", figures)
    if tier.has_closed(now):
        figures = {"availableUntil": tier.available_until}
        yield Missing("NO_LONGER_AVAILABLE", f"Level {tier.level} is closed.", figures)


def _judge_place(level: int, lowest: int, standing: Standing) -> Iterable[Missing]:
    owned = standing.owned_level
    if standing.open_level == level:
        yield Missing("UPGRADE_OPEN", f"Your upgrade to level {level} is already running.")
    elif level == lowest and owned is None:
        if standing.has_unlocked:
            yield Missing("ALREADY_UNLOCKED", "A first NFT is unlocked once, and you had yours.")
    elif owned != level - 1:
        figures = {"currentLevel": owned, "requiredLevel": level - 1}
        yield Missing("WRONG_LEVEL", f"You need the NFT of level {level - 1} first.", figures)


def _judge_volume(required: Decimal, current: Decimal) -> Iterable[Missing]:
    if current < required:
        figures = {"required": usd(required), "current": usd(current)}
        message = f"Trade {usd(required - current)} USD more to reach {usd(required)} USD."
        yield Missing("VOLUME_TOO_LOW", message, figures)


# Any other status, or none at all, means that the member does not have the badge.
BADGE_REASONS: Mapping[str, tuple[str, str]] = {
    BadgeStatus.EARNED: ("BADGE_NOT_ACTIVATED", "Activate the badge {slug} first."),
    BadgeStatus.RESERVED: ("BADGE_RESERVED", "The badge {slug} is held for another upgrade."),
    BadgeStatus.CONSUMED: ("BADGE_CONSUMED", "The badge {slug} was already spent."),
}
BADGE_MISSING = ("BADGE_MISSING", "You do not have the badge {slug} yet.")


def _judge_badges(tier: TierTerms, standing: Standing) -> Iterable[Missing]:
    counting = _that_count(tier, standing)
    needed = needed_of(tier)
    if needed < len(tier.badges):
        if len(counting) < needed:
            yield _too_few(tier.badges, needed, len(counting))
        return
    for slug in tier.badges:
        if slug not in counting:
            status = standing.badges.get(slug) or ""
            code, sentence = BADGE_REASONS.get(status, BADGE_MISSING)
            yield Missing(code, sentence.format(slug=slug), {"slug": slug})


def needed_of(tier: TierTerms) -> int:
    """How many of the tier's badges it takes."""
    every = len(tier.badges)
    return every if tier.badges_needed is None else min(tier.badges_needed, every)


def choose_badges(tier: TierTerms, standing: Standing) -> list[str]:
    """Those that an order for `tier` takes from who qualifies: as few as it needs, in order."""
    return _that_count(tier, standing)[: needed_of(tier)]


def _that_count(tier: TierTerms, standing: Standing) -> list[str]:
    statuses = {BadgeStatus.ACTIVATED}
    if standing.open_level == tier.level:
        statuses.add(BadgeStatus.RESERVED)
    return [slug for slug in tier.badges if standing.badges.get(slug) in statuses]


def _too_few(slugs: Sequence[str], needed: int, have: int) -> Missing:
    return Missing(
        "BADGES_TOO_FEW",
        f"Activate {needed - have} more of these badges: {', '.join(slugs)}.",
        {"needed": needed, "have": have, "slugs": list(slugs)},
    )


def usd(amount: Decimal) -> str:
    """A decimal string without exponent or trailing zeros."""
    return format(amount.normalize(), "f")
