"""The facts that trading publishes."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from events.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class VolumeMilestoneReached(DomainEvent):
    """Volumes in USD, before and after the batch that passed the milestone."""

    event_type: ClassVar[str] = "volume_milestone_reached"

    previous_volume: Decimal
    current_volume: Decimal
    milestone: Decimal
    tier_unlocked: int | None

    def message(self) -> str:
        return f"Your trading volume passed {self.milestone:,} USD."


@dataclass(frozen=True, kw_only=True)
class VolumeChanged(DomainEvent):
    """A batch moved a user's volume (USD), down too when it corrected; for services only."""

    event_type: ClassVar[str] = "volume_changed"

    previous_volume: Decimal
    current_volume: Decimal
    trades: int

    def message(self) -> str:
        return f"The trading volume is {self.current_volume:,} USD."
