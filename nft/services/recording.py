"""A mint is finalized: record it, consume the badges and tell everybody, in one transaction."""

from datetime import datetime

from django.db import transaction

from badges.services import consume_badges
from events.events import rfc3339
from events.services import publish
from nft.addresses import image_url, metadata_uri
from nft.events import NftMinted, NftUnlocked, NftUpgraded, UpgradeCompleted
from nft.models import MintOrder, NftStatus, Origin, Purpose, Tier, UpgradeRequest, UserNft
from nft.terms import TierTerms, documented


@transaction.atomic(durable=True)
def record_mint(*, order: MintOrder, signature: str, fee_lamports: int, now: datetime) -> None:
    """Raises Conflict, changing nothing, when another worker recorded it first."""
    order.record_mint(signature=signature, now=now)
    if order.purpose == Purpose.UPGRADE:
        _complete_upgrade(order, signature, fee_lamports, now)
    else:
        _complete_unlock(order, signature, fee_lamports, now)


def _complete_upgrade(order: MintOrder, signature: str, fee: int, now: datetime) -> None:
    request = UpgradeRequest.objects.select_for_update().get(order=order)
    nft = _create_nft(order, signature, now)
    _publish_minted(nft, fee, upgrade=request)
    consumed = consume_badges(request_id=request.id, now=now)
    request.complete(new_nft=nft, now=now)
    old = request.current_nft
    publish(
        NftUpgraded(
            user_id=request.user_id,
            upgrade_request_id=request.id,
            old_nft={
                "nftId": old.id,
                "tierName": old.tier_name,
                "burnedAt": rfc3339(old.burned_at or now),
            },
            new_nft={
                "nftId": nft.id,
                "tierName": nft.tier_name,
                "tierId": nft.tier_level,
                "mintAddress": nft.mint_address,
                "transactionSignature": signature,
            },
            consumed_badges=sorted(badge.definition.slug for badge in consumed),
        )
    )
    publish(
        UpgradeCompleted(
            user_id=request.user_id,
            upgrade_request_id=request.id,
            new_nft_id=nft.id,
            mint_address=nft.mint_address,
            transaction_signature=signature,
            level=nft.tier_level,
            duration_ms=int((now - request.created_at).total_seconds() * 1000),
        )
    )


def _complete_unlock(order: MintOrder, signature: str, fee: int, now: datetime) -> None:
    nft = UserNft.objects.select_for_update().get(id=order.request_id)
    nft.record_mint(signature=signature, now=now)
    _publish_minted(nft, fee, upgrade=None)
    consume_badges(request_id=nft.id, now=now, for_upgrade=False)
    publish(
        NftUnlocked(
            user_id=nft.user_id,
            nft_id=nft.id,
            tier_name=nft.tier_name,
            tier_id=nft.tier_level,
            mint_address=nft.mint_address,
            image_url=nft.image_url,
            benefits=documented(nft.benefits),
        )
    )


def _create_nft(order: MintOrder, signature: str, now: datetime) -> UserNft:
    terms = TierTerms.load(order.terms)
    return UserNft.objects.create(
        user_id=order.user_id,
        issued_to_id=order.user_id,
        tier=Tier.objects.get(level=terms.level),
        tier_level=terms.level,
        tier_name=terms.name,
        tier_version=terms.version,
        benefits=terms.benefits,
        origin=Origin.UPGRADE,
        status=NftStatus.ACTIVE,
        mint_address=order.mint_address,
        transaction_signature=signature,
        metadata_uri=metadata_uri(order.mint_address),
        image_url=image_url(order.mint_address),
        created_at=now,
        minted_at=now,
    )


def _publish_minted(nft: UserNft, fee: int, *, upgrade: UpgradeRequest | None) -> None:
    publish(
        NftMinted(
            user_id=nft.user_id,
            nft_id=nft.id,
            mint_address=nft.mint_address,
            transaction_signature=nft.transaction_signature or "",
            metadata_uri=nft.metadata_uri,
            gas_used=fee,
            upgrade_request_id=upgrade.id if upgrade else None,
        )
    )
