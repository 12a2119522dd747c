"""Unlocking: a wallet's first NFT, of the lowest tier, once for life."""

from collections.abc import Callable
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from badges.services import reserve_badges
from core.errors import Conflict
from core.ids import uuid7
from core.jobs import enqueue
from events.services import publish
from nft import jobs
from nft.addresses import image_url, metadata_uri
from nft.events import NftUnlockOrdered
from nft.models import MintOrder, NftStatus, OrderStatus, Origin, Purpose, Tier, UserNft
from nft.services.ordering import place_order
from nft.services.qualification import check_qualified
from nft.terms import TierTerms


def unlock_nft(
    *, user: User, tier_level: int, now: datetime, keep: Callable[[UserNft], None]
) -> UserNft:
    """Order the first NFT; it is minted by a job, and its badges are consumed with the mint.

    `keep` runs in the transaction. Raises Conflict (with what is missing) when a rule is
    not met or the wallet had its first NFT before.
    """
    try:
        with transaction.atomic():
            return _order_first_nft(user, tier_level, now, keep)
    except IntegrityError:
        raise _already_unlocked() from None


def _order_first_nft(
    user: User, level: int, now: datetime, keep: Callable[[UserNft], None]
) -> UserNft:
    if UserNft.objects.unlocked_by(user.id).exists():
        raise _already_unlocked()
    tier = _find_first_tier(level)
    terms, nft_id = check_qualified(user=user, tier=tier, now=now), uuid7()
    order = place_order(
        purpose=Purpose.UNLOCK,
        request_id=nft_id,
        user=user,
        terms=terms,
        status=OrderStatus.MINTING,
    )
    nft = _create_nft(order, user, tier, terms, now)
    reserve_badges(user_id=user.id, slugs=terms.badges, request_id=nft_id, now=now)
    publish(NftUnlockOrdered(user_id=user.id, nft_id=nft.id, tier_id=terms.level))
    keep(nft)
    enqueue(jobs.MINT, order.id)
    return nft


def _find_first_tier(level: int) -> Tier:
    lowest = Tier.objects.on_offer().first()
    if lowest is None or lowest.level != level:
        raise Conflict(
            "NOT_THE_FIRST_TIER",
            "Only the lowest tier can be unlocked; the others are reached by upgrades.",
            details={"allowedLevel": lowest.level if lowest else None},
        )
    return lowest


def _create_nft(
    order: MintOrder, user: User, tier: Tier, terms: TierTerms, now: datetime
) -> UserNft:
    return UserNft.objects.create(
        id=order.request_id,
        user=user,
        issued_to=user,
        tier=tier,
        tier_level=terms.level,
        tier_name=terms.name,
        tier_version=terms.version,
        benefits=terms.benefits,
        origin=Origin.UNLOCK,
        status=NftStatus.MINTING,
        mint_address=order.mint_address,
        metadata_uri=metadata_uri(order.mint_address),
        image_url=image_url(order.mint_address),
        created_at=now,
    )


def _already_unlocked() -> Conflict:
    return Conflict("ALREADY_UNLOCKED", "Your wallet has unlocked its first NFT before.")
