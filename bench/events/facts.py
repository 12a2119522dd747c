"""What is written: one fact for the writers, and rows of many types for the readers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone

from core.ids import uuid7
from events.catalogue import schema_for
from events.events import DomainEvent
from events.models import Event

USERS = [UUID(int=number) for number in range(1, 1001)]
MOMENT = "2026-01-01T00:00:00.000Z"
SIGNATURE, MINT = "5" * 88, "M" * 44
ID = "01a1fcc1-4418-730c-8d63-91d4f78528fd"
# Together they reach every documented topic.
SAMPLES: dict[str, dict[str, Any]] = {
    "upgrade_initiated": {
        "upgradeRequestId": ID, "currentNftId": ID, "currentLevel": 1, "targetLevel": 2,
        "expiresAt": MOMENT,
    },
    "nft_burned": {
        "nftId": ID, "mintAddress": MINT, "transactionSignature": SIGNATURE, "burnedAt": MOMENT,
        "upgradeRequestId": ID,
    },
    "burn_confirmed": {
        "upgradeRequestId": ID, "transactionSignature": SIGNATURE, "slot": 250_000_000,
    },
    "badge_consumed": {"badgeId": "early-bird", "upgradeRequestId": ID},
    "upgrade_completed": {
        "upgradeRequestId": ID, "newNftId": ID, "mintAddress": MINT,
        "transactionSignature": SIGNATURE, "level": 2, "durationMs": 30_000,
    },
    "badge_earned": {
        "badgeId": "early-bird", "badgeName": "Early bird", "description": "Was here early.",
        "imageUrl": "https://example.com/early-bird.svg", "earnedAt": MOMENT,
        "requiredForTier": 2,
    },
    "upgrade_cancelled": {"upgradeRequestId": ID, "reason": "The user cancelled."},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BadgeActivated(DomainEvent):
    event_type: ClassVar[str] = "badge_activated"
    badge_id: str = "early-bird"
    upgrade_request_id: UUID | None = None

    def message(self) -> str:
        return "You activated a badge."


def rows() -> Iterator[Event]:
    """Unsaved events of every sample in turn, for ever."""
    schemas = {name: schema_for(name) for name in SAMPLES}
    for name, data in SAMPLES.items():
        schemas[name].check(data)
    number = 0
    while True:
        for name, data in SAMPLES.items():
            number += 1
            yield Event(
                event_id=uuid7(), type=name, version=schemas[name].version,
                audience=schemas[name].audience, user_id=USERS[number % len(USERS)],
                message="Something happened to your NFT.", data=data,
                correlation_id=str(uuid7()), created_at=timezone.now(),
            )  # fmt: skip


def fill_log(count: int) -> None:
    """`count` more events, not numbered yet."""
    found: Iterable[Event] = islice(rows(), count)
    Event.objects.bulk_create(found, batch_size=1000)
