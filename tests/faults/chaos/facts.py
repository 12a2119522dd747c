"""Facts of many types, so that every documented topic gets its copies."""

import random
from collections.abc import Callable
from uuid import UUID

from django.utils import timezone

from badges.events import BadgeActivated, BadgeEarned
from events.events import DomainEvent
from nft.events import BurnConfirmed, UpgradeCompleted, UpgradeExpired, UpgradeInitiated
from tests.events.facts import MINT, SIGNATURE, AuthorityBalanceLow

USERS = [UUID(int=number) for number in range(1, 31)]
AUTHORITIES = [UUID(int=number) for number in range(101, 104)]
NFT = UUID(int=201)


def some_fact(dice: random.Random) -> DomainEvent:
    if dice.random() < 0.05:  # of no user: ordered by what it is about
        return AuthorityBalanceLow(aggregate_id=dice.choice(AUTHORITIES))
    user = dice.choice(USERS)
    return dice.choice(MAKERS)(user)


def _earned(user: UUID) -> DomainEvent:
    return BadgeEarned(
        user_id=user, badge_id="early-bird", badge_name="Early bird", description="Was early",
        image_url="https://example.com/b.svg", earned_at=timezone.now(), required_for_tier=None,
    )  # fmt: skip


def _activated(user: UUID) -> DomainEvent:
    return BadgeActivated(user_id=user, badge_id="early-bird")


def _initiated(user: UUID) -> DomainEvent:
    return UpgradeInitiated(
        user_id=user, upgrade_request_id=user, current_nft_id=NFT, current_level=1,
        target_level=2, expires_at=timezone.now(),
    )  # fmt: skip


def _confirmed(user: UUID) -> DomainEvent:
    return BurnConfirmed(
        user_id=user, upgrade_request_id=user, transaction_signature=SIGNATURE, slot=1
    )


def _completed(user: UUID) -> DomainEvent:
    return UpgradeCompleted(
        user_id=user, upgrade_request_id=user, new_nft_id=NFT, mint_address=MINT,
        transaction_signature=SIGNATURE, level=2, duration_ms=1,
    )  # fmt: skip


def _expired(user: UUID) -> DomainEvent:
    return UpgradeExpired(user_id=user, upgrade_request_id=user, reason="too late")


MAKERS: list[Callable[[UUID], DomainEvent]] = [
    _earned, _activated, _initiated, _confirmed, _completed, _expired,
]  # fmt: skip
