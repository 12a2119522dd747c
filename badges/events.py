"""The facts that badges publish. `badge_id` is the definition's slug."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from events.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class BadgeEarned(DomainEvent):
    """`required_for_tier` is a tier level, if any tier needs this badge."""

    event_type: ClassVar[str] = "badge_earned"

    badge_id: str
    badge_name: str
    description: str
    image_url: str
    earned_at: datetime
    required_for_tier: int | None

    def message(self) -> str:
        return f"You earned the badge “{self.badge_name}”."


@dataclass(frozen=True, kw_only=True)
class BadgeActivated(DomainEvent):
    event_type: ClassVar[str] = "badge_activated"

    badge_id: str
    upgrade_request_id: UUID | None = None

    def message(self) -> str:
        return f"Your badge {self.badge_id} is active."


@dataclass(frozen=True, kw_only=True)
class BadgeConsumed(DomainEvent):
    """`upgrade_request_id` is null when an unlock took the badge."""

    event_type: ClassVar[str] = "badge_consumed"

    badge_id: str
    upgrade_request_id: UUID | None

    def message(self) -> str:
        return f"Your badge {self.badge_id} was used for your NFT."


@dataclass(frozen=True, kw_only=True)
class BadgeRevoked(DomainEvent):
    event_type: ClassVar[str] = "badge_revoked"

    badge_id: str
    reason: str

    def message(self) -> str:
        return f"Your badge {self.badge_id} was taken back: {self.reason}"[:300]
