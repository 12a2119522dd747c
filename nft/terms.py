"""What a tier promised at the moment of an order; later edits of the tier change nothing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self

from nft.models import Tier

DOCUMENTED_BENEFITS = ("tradingFeeReduction", "aiAgentWeeklyUses", "prioritySupport")


@dataclass(frozen=True)
class TierTerms:
    """Frozen into `terms` of an order and of an upgrade request. Volume in US dollars.

    `badges_needed` of the badges are enough, all without it. Of a tier these are the badges
    to choose from; of an order or a request exactly those that it takes. Times are ISO 8601.
    """

    level: int
    name: str
    symbol: str
    colour: str
    description: str
    required_volume: str
    badges: list[str]
    benefits: dict[str, Any]
    # What older orders do not know yet.
    badges_needed: int | None = None
    supply_cap: int | None = None
    available_from: str | None = None
    available_until: str | None = None
    picture_url: str = ""
    version: int = 1

    @classmethod
    def of(cls, tier: Tier) -> Self:
        return cls(
            level=tier.level,
            name=tier.name,
            symbol=tier.symbol,
            colour=tier.colour,
            description=tier.description,
            required_volume=format(tier.required_volume, "f"),
            badges=tier.badge_slugs(),
            benefits=tier.benefits,
            badges_needed=tier.badges_needed,
            supply_cap=tier.supply_cap,
            available_from=_iso(tier.available_from),
            available_until=_iso(tier.available_until),
            picture_url=tier.picture_url,
            version=tier.version,
        )

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Self:
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    def has_opened(self, now: datetime) -> bool:
        return self.available_from is None or datetime.fromisoformat(self.available_from) <= now

    def has_closed(self, now: datetime) -> bool:
        return (
            self.available_until is not None and datetime.fromisoformat(self.available_until) <= now
        )


def documented(benefits: Mapping[str, Any]) -> dict[str, Any]:
    """Without the free ones: what events carry."""
    return {name: benefits[name] for name in DOCUMENTED_BENEFITS if name in benefits}


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
