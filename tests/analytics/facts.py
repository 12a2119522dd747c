"""Events as the other apps publish them, and a short life of some members told by them."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from badges.events import BadgeActivated, BadgeConsumed, BadgeEarned, BadgeRevoked
from core.ids import uuid7
from events.events import DomainEvent
from events.models import Event
from events.sequencer import number_pending
from events.services import publish_all
from nft.events import (
    BurnConfirmed,
    BurnRejected,
    NftBurned,
    NftTransferred,
    NftUnlocked,
    NftUnlockOrdered,
    NftUpgraded,
    TierQualificationChanged,
    UpgradeCancelled,
    UpgradeCompleted,
    UpgradeInitiated,
)  # fmt: skip
from trading.events import VolumeChanged

ANN, BOB, CID = (UUID(int=number) for number in (1, 2, 3))
SIGNATURE, MINT = "5" * 88, "M" * 44
WALLET, OTHER_WALLET = "A" * 44, "B" * 44
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
BENEFITS = {"tradingFeeReduction": "10%", "aiAgentWeeklyUses": 1, "prioritySupport": False}


def told(*facts: DomainEvent, at: datetime | None = None) -> list[Event]:
    """Published and numbered; as of `at`, if given."""
    return told_at([(fact, at) for fact in facts])


def told_at(facts: Iterable[tuple[DomainEvent, datetime | None]]) -> list[Event]:
    facts = list(facts)
    with transaction.atomic():
        rows = publish_all(fact for fact, _ in facts)
        for row, (_, at) in zip(rows, facts, strict=True):
            row.created_at = at or row.created_at
        Event.objects.bulk_update(rows, ["created_at"])
    number_pending()
    return list(Event.objects.filter(pk__in=[row.pk for row in rows]).order_by("position"))


def traded(user: UUID, before: str, after: str) -> VolumeChanged:
    return VolumeChanged(
        user_id=user, previous_volume=Decimal(before), current_volume=Decimal(after), trades=1
    )


def earned(user: UUID, badge: str = "early-bird") -> BadgeEarned:
    return BadgeEarned(
        user_id=user, badge_id=badge, badge_name=badge, description="", image_url="",
        earned_at=NOON, required_for_tier=None,
    )  # fmt: skip


def revoked(user: UUID, badge: str = "early-bird") -> BadgeRevoked:
    return BadgeRevoked(user_id=user, badge_id=badge, reason="a mistake")


def unlocked(user: UUID, nft: UUID, level: int = 1) -> list[DomainEvent]:
    return [
        NftUnlockOrdered(user_id=user, nft_id=nft, tier_id=level),
        NftUnlocked(
            user_id=user, nft_id=nft, tier_name="Tier", tier_id=level, mint_address=MINT,
            image_url="https://nft.example.org/1.svg", benefits=BENEFITS,
        ),
    ]  # fmt: skip


def transferred(nft: UUID, *members: UUID) -> list[DomainEvent]:
    """Told to the giver and to the taker, or to one of them."""
    return [
        NftTransferred(
            user_id=member, nft_id=nft, mint_address=MINT, from_wallet=WALLET,
            to_wallet=OTHER_WALLET, transaction_signature=SIGNATURE,
        )
        for member in members
    ]  # fmt: skip


def burned(user: UUID, nft: UUID, request: UUID | None = None) -> NftBurned:
    return NftBurned(
        user_id=user, nft_id=nft, mint_address=MINT, transaction_signature=SIGNATURE,
        burned_at=NOON, upgrade_request_id=request,
    )  # fmt: skip


def initiated(user: UUID, request: UUID, nft: UUID, level: int = 2) -> UpgradeInitiated:
    return UpgradeInitiated(
        user_id=user, upgrade_request_id=request, current_nft_id=nft, current_level=level - 1,
        target_level=level, expires_at=NOON,
    )  # fmt: skip


def rejected(user: UUID, request: UUID, code: str = "BURN_WRONG_MINT") -> BurnRejected:
    return BurnRejected(
        user_id=user, upgrade_request_id=request, transaction_signature=SIGNATURE,
        error={"error_code": code, "message": "No."},
    )  # fmt: skip


def cancelled(user: UUID, request: UUID) -> UpgradeCancelled:
    return UpgradeCancelled(
        user_id=user, upgrade_request_id=request, reason="cancelled by the member"
    )


def completed(
    user: UUID, request: UUID, old: UUID, new: UUID, *, level: int = 2, ms: int = 30_000
) -> list[DomainEvent]:
    new_nft = {
        "nftId": new, "tierName": "Tier", "tierId": level, "mintAddress": MINT,
        "transactionSignature": SIGNATURE,
    }  # fmt: skip
    old_nft = {"nftId": old, "tierName": "Tier", "burnedAt": "2026-03-04T12:00:00.000Z"}
    return [
        burned(user, old, request),
        BurnConfirmed(
            user_id=user, upgrade_request_id=request, transaction_signature=SIGNATURE, slot=1
        ),
        BadgeConsumed(user_id=user, badge_id="early-bird", upgrade_request_id=request),
        NftUpgraded(
            user_id=user, upgrade_request_id=request, old_nft=old_nft, new_nft=new_nft,
            consumed_badges=["early-bird"],
        ),
        UpgradeCompleted(
            user_id=user, upgrade_request_id=request, new_nft_id=new, mint_address=MINT,
            transaction_signature=SIGNATURE, level=level, duration_ms=ms,
        ),
    ]  # fmt: skip


def qualified(user: UUID, before: list[int], after: list[int]) -> TierQualificationChanged:
    changes: dict[str, Any] = {name: [] for name in ("earned", "activated", "consumed", "revoked")}
    return TierQualificationChanged(
        user_id=user, previous_qualifications=before, current_qualifications=after,
        volume_change=Decimal(0), badge_changes=changes, moved=["volume"],
    )  # fmt: skip


def life(user: UUID, friend: UUID) -> list[DomainEvent]:
    """Trades, badges, an unlock, an upgrade that was cancelled, one that was not, a gift."""
    first, second = uuid7(), uuid7()
    dropped, done = uuid7(), uuid7()
    return [
        traded(user, "0", "1000.12345678"),
        earned(user),
        BadgeActivated(user_id=user, badge_id="early-bird"),
        qualified(user, [], [1]),
        *unlocked(user, first),
        earned(user, "mistaken"),
        revoked(user, "mistaken"),
        initiated(user, dropped, first),
        cancelled(user, dropped),
        traded(user, "1000.12345678", "500"),
        initiated(user, done, first),
        rejected(user, done),
        *completed(user, done, first, second),
        *transferred(second, user, friend),
    ]


def lives(seed: int = 0) -> list[Event]:
    """Of three members, told together, over some days; in the log."""
    dice = random.Random(seed)
    streams = [list(life(user, friend)) for user, friend in ((ANN, BOB), (BOB, CID), (CID, ANN))]
    facts: list[tuple[DomainEvent, datetime | None]] = []
    at = NOON
    while any(streams):
        stream = dice.choice([left for left in streams if left])
        at += timedelta(seconds=dice.randint(0, 40_000), microseconds=dice.randint(0, 999_999))
        facts.append((stream.pop(0), at))
    return told_at(facts)


def in_any_order(events: Iterable[Event], dice: random.Random) -> list[Event]:
    """Each member's own events stay in order, as on Kafka; the members' come as they like."""
    of_member: dict[UUID | None, list[Event]] = {}
    for event in events:
        of_member.setdefault(event.user_id, []).append(event)
    return list(_drawn(list(of_member.values()), dice))


def _drawn(queues: list[list[Event]], dice: random.Random) -> Iterator[Event]:
    while any(queues):
        yield dice.choice([queue for queue in queues if queue]).pop(0)


def as_kafka_has_it(event: Event) -> Event:
    """To the millisecond."""
    moment = event.created_at
    event.created_at = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return event
