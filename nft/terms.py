"""What a tier promised at the moment of an order; later edits of the tier change nothing."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from nft.models import Tier


@dataclass(frozen=True)
class TierTerms:
    """Frozen into `terms` of an order and of an upgrade request. Volume in US dollars."""

    level: int
    name: str
    symbol: str
    colour: str
    description: str
    required_volume: str
    badges: list[str]
    benefits: dict[str, Any]

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
        )

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Self:
        return cls(**stored)

    def dump(self) -> dict[str, Any]:
        return asdict(self)
