"""What one event says to the figures: the only place that knows the events' payloads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from analytics.models import Figure
from events.events import to_the_millisecond
from events.models import Event


@dataclass(frozen=True, kw_only=True)
class Reading:
    """An event as a row of `Fact`, and the days' sums that it belongs to (figure, key)."""

    event_id: UUID
    position: int
    type: str
    at: datetime
    user_id: UUID | None
    request_id: UUID | None = None
    nft_id: UUID | None = None
    level: int | None = None
    badge: str = ""
    reason: str = ""
    amount: Decimal | None = None
    duration_ms: int | None = None
    figures: tuple[tuple[Figure, str], ...] = ()


Details = Mapping[str, Any]


def read(event: Event) -> Reading:
    """Raises KeyError or ValueError for an event that breaks its schema: a dead letter."""
    details = _DETAILS[event.type](event.data) if event.type in _DETAILS else {}
    return Reading(
        event_id=event.event_id,
        position=event.place,
        type=event.type,
        at=to_the_millisecond(event.created_at),
        user_id=event.user_id,
        request_id=_id(event.data.get("upgradeRequestId")),
        **details,
    )


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _initiated(data: Details) -> Details:
    level = data["targetLevel"]
    return {
        "level": level,
        "nft_id": UUID(data["currentNftId"]),
        "figures": ((Figure.FUNNEL, "started"), (Figure.TIER_STARTED, str(level))),
    }


def _confirmed(_data: Details) -> Details:
    return {"figures": ((Figure.FUNNEL, "burned"),)}


def _completed(data: Details) -> Details:
    return {
        "level": data["level"],
        "nft_id": UUID(data["newNftId"]),
        "duration_ms": data["durationMs"],
        "figures": ((Figure.FUNNEL, "completed"), (Figure.TIER_COMPLETED, str(data["level"]))),
    }


def _unlocked(data: Details) -> Details:
    level = data["tierId"]
    figures = ((Figure.FUNNEL, "unlocked"), (Figure.TIER_UNLOCKED, str(level)))
    return {"level": level, "nft_id": UUID(data["nftId"]), "figures": figures}


def _ordered(data: Details) -> Details:
    return {"level": data["tierId"], "nft_id": UUID(data["nftId"])}


def _upgraded(data: Details) -> Details:
    return {"level": data["newNft"]["tierId"], "nft_id": UUID(data["newNft"]["nftId"])}


def _of_an_nft(data: Details) -> Details:
    return {"nft_id": UUID(data["nftId"])}


def _qualified(data: Details) -> Details:
    gained = sorted(set(data["currentQualifications"]) - set(data["previousQualifications"]))
    tiers = [(Figure.TIER_QUALIFIED, str(level)) for level in gained]
    step = [(Figure.FUNNEL, "qualified")] if gained else []
    return {"level": max(gained, default=None), "figures": (*step, *tiers)}


def _volume(data: Details) -> Details:
    change = Decimal(data["currentVolume"]) - Decimal(data["previousVolume"])
    return {"amount": change, "figures": ((Figure.VOLUME, ""),)}


def _badge(figure: Figure) -> Callable[[Details], Details]:
    return lambda data: {"badge": data["badgeId"], "figures": ((figure, data["badgeId"]),)}


def _failure(kind: str) -> Callable[[Details], Details]:
    def details(data: Details) -> Details:
        reason = (data["error"]["error_code"] if "error" in data else data["reason"])[:80]
        return {"reason": reason, "figures": ((Figure.FAILURE, f"{kind}: {reason}"),)}

    return details


_FAILURES = (
    "burn_rejected", "mint_failed_retryable", "nft_unlock_failed", "upgrade_cancelled",
    "upgrade_expired", "upgrade_needs_review",
)  # fmt: skip
_DETAILS: Mapping[str, Callable[[Details], Details]] = {
    "upgrade_initiated": _initiated,
    "burn_confirmed": _confirmed,
    "upgrade_completed": _completed,
    "nft_unlock_ordered": _ordered,
    "nft_unlocked": _unlocked,
    "nft_upgraded": _upgraded,
    "nft_burned": _of_an_nft,
    "nft_minted": _of_an_nft,
    "nft_transferred": _of_an_nft,
    "tier_qualification_changed": _qualified,
    "volume_changed": _volume,
    "badge_earned": _badge(Figure.BADGE_EARNED),
    "badge_activated": _badge(Figure.BADGE_ACTIVATED),
    "badge_consumed": _badge(Figure.BADGE_CONSUMED),
    "badge_revoked": _badge(Figure.BADGE_REVOKED),
    **{kind: _failure(kind) for kind in _FAILURES},
}
