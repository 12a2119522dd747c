"""Plain factories of rows; import them, or use the fixtures at the end."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings
from solders.keypair import Keypair
from solders.signature import Signature

from accounts.models import User
from accounts.services import get_or_create_user
from badges.models import BadgeDefinition, BadgeStatus, EarnedBadge
from chain.localnet.process import LocalnetProcess
from core.ids import uuid7
from nft.addresses import image_url, metadata_uri
from nft.models import (
    MintOrder,
    NftStatus,
    OrderStatus,
    Origin,
    Purpose,
    Tier,
    UpgradeRequest,
    UpgradeStatus,
    UserNft,
)
from nft.terms import TierTerms
from tests.nft.ladder import seed_quickly
from trading.models import UserVolume

if TYPE_CHECKING:
    from tests.nft.world import World


def new_address() -> str:
    return str(Keypair().pubkey())


def new_signature() -> str:
    return str(Signature.new_unique())


def make_user(wallet: str | None = None) -> User:
    return get_or_create_user(wallet_address=wallet or new_address())


def give_volume(user: User, amount: Decimal | int | str) -> None:
    UserVolume.objects.update_or_create(user=user, defaults={"total": Decimal(amount)})


def give_badges(user: User, slugs: Iterable[str], *, activated: bool = True) -> list[EarnedBadge]:
    """Unknown slugs become badge definitions."""
    return [_give_badge(user, slug, activated, timezone.now()) for slug in slugs]


def _give_badge(user: User, slug: str, activated: bool, now: datetime) -> EarnedBadge:
    definition, _ = BadgeDefinition.objects.get_or_create(slug=slug, defaults={"name": slug})
    return EarnedBadge.objects.create(
        user=user,
        definition=definition,
        status=BadgeStatus.ACTIVATED if activated else BadgeStatus.EARNED,
        earned_at=now,
        activated_at=now if activated else None,
    )


def qualify(user: User, level: int) -> None:
    """Give the volume and the activated badges that a level asks for."""
    tier = Tier.objects.get(level=level)
    give_volume(user, tier.required_volume)
    give_badges(user, tier.badge_slugs())


def make_nft(
    user: User,
    level: int = 1,
    *,
    status: str = NftStatus.ACTIVE,
    origin: str = Origin.UNLOCK,
    mint_address: str | None = None,
) -> UserNft:
    """A row only; nothing is minted on any chain."""
    tier, mint, now = Tier.objects.get(level=level), mint_address or new_address(), timezone.now()
    facts: dict[str, Any] = {}
    if status != NftStatus.MINTING:
        facts = {"minted_at": now, "transaction_signature": new_signature()}
    if status == NftStatus.BURNED:
        facts |= {"burned_at": now, "burn_signature": new_signature()}
    return UserNft.objects.create(
        user=user,
        issued_to=user,
        tier=tier,
        tier_level=tier.level,
        tier_name=tier.name,
        benefits=tier.benefits,
        origin=origin,
        status=status,
        mint_address=mint,
        metadata_uri=metadata_uri(mint),
        image_url=image_url(mint),
        created_at=now,
        **facts,
    )


def make_order(user: User, tier: Tier, *, purpose: str = Purpose.UPGRADE) -> MintOrder:
    """An order whose address was not derived, for what only reads it."""
    return MintOrder.objects.create(
        purpose=purpose,
        request_id=uuid7(),
        user_id=user.id,
        wallet_address=user.wallet_address or "",
        terms=TierTerms.of(tier).dump(),
        key_version=1,
        nonce=MintOrder.new_nonce(),
        mint_address=new_address(),
        status=OrderStatus.WAITING,
    )


def make_upgrade(user: User, nft: UserNft) -> UpgradeRequest:
    """An open request for the next level, with its first history row; nothing is reserved."""
    tier, now = Tier.objects.get(level=nft.tier_level + 1), timezone.now()
    order = make_order(user, tier)
    request = UpgradeRequest.objects.create(
        id=order.request_id,
        user=user,
        current_nft=nft,
        order=order,
        wallet_address=user.wallet_address or "",
        target_level=tier.level,
        terms=order.terms,
        status=UpgradeStatus.AWAITING_BURN,
        created_at=now,
        expires_at=now,
        start_slot=1,
    )
    request.write_first_history(now=now)
    return request


@pytest.fixture
def tiers(db: None) -> list[Tier]:
    """The seeded ladder, lowest level first."""
    seed_quickly()
    return list(Tier.objects.on_offer())


@pytest.fixture
def user(db: None) -> User:
    return make_user()


@pytest.fixture(scope="session")
def localnet() -> Iterator[LocalnetProcess]:
    """A chain whose slots only move when a test says so."""
    with LocalnetProcess(slot_ms=0, test_hooks=True) as process:
        yield process


@pytest.fixture
def world(localnet: LocalnetProcess, tiers: list[Tier], settings: Settings) -> "World":
    from tests.nft.world import World

    settings.SOLANA_RPC_URL = localnet.rpc_url
    settings.SOLANA_GENESIS_HASH = localnet.genesis_hash
    settings.SOLANA_RPC_CALLER_SECONDS = 60.0  # a busy machine decides no test
    settings.CHAIN_POLL_INTERVAL = timedelta(milliseconds=1)
    settings.SOLANA_SLOT_DURATION = timedelta(milliseconds=1)
    return World(localnet)
