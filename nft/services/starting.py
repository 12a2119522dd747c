"""Starting an upgrade: look at the chain, then reserve everything in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from badges.services import reserve_badges
from chain.client import SolanaClient
from chain.errors import ChainRejected
from chain.quotes import fee_of
from chain.records import UnsignedTransaction
from core.errors import Conflict, NotFound
from core.ids import uuid7
from core.jobs import enqueue
from events.services import publish
from nft import jobs
from nft.chain_access import on_chain_for_caller
from nft.events import UpgradeInitiated
from nft.locks import upgrade_lock
from nft.models import NftStatus, OrderStatus, Purpose, Tier, UpgradeRequest, UpgradeStatus, UserNft
from nft.services.burn_planning import BurnFacts, look_before_burn, not_held
from nft.services.burn_transactions import keep_burn_transaction, plan_burn_of
from nft.services.ordering import place_order
from nft.services.qualification import check_qualified
from nft.services.upgrade_quotes import UpgradeQuote
from nft.terms import TierTerms

Keep = Callable[[UpgradeRequest, UnsignedTransaction], None]


@dataclass(frozen=True)
class Holding:
    """What the chain said before the start; `slot` is finalized."""

    slot: int
    facts: BurnFacts


def start_upgrade(
    *,
    user: User,
    nft_id: UUID,
    target_level: int,
    now: datetime,
    keep: Keep,
    quote: UpgradeQuote | None = None,
) -> tuple[UpgradeRequest, UnsignedTransaction]:
    """Open an upgrade of one NFT to exactly the next level; `keep` runs in its transaction.

    Raises NotFound for an NFT that is not this user's, Conflict (with what is missing) when
    a rule is not met, another upgrade is open, or it would do something else than `quote` says;
    Unavailable without the chain.
    """
    nft = find_nft(user, nft_id)
    refuse_if_not_upgradable(nft, target_level)
    with upgrade_lock(user.id):  # before the chain, so that a crowd of starts asks it once
        holding = _look_at_holding(nft)
        if holding.facts.account is None:
            raise not_held()
        try:
            return _open_request(
                user=user,
                nft=nft,
                level=target_level,
                holding=holding,
                now=now,
                keep=keep,
                quote=quote,
            )
        except IntegrityError:
            raise _name_open_request(user, nft) from None


def find_nft(user: User, nft_id: UUID) -> UserNft:
    nft = UserNft.objects.of_user(user.id).filter(id=nft_id).first()
    if nft is None:
        raise NotFound("NFT_NOT_FOUND", "You have no such NFT.")
    return nft


def refuse_if_not_upgradable(nft: UserNft, target_level: int) -> None:
    if nft.status == NftStatus.UPGRADING or UpgradeRequest.objects.open().of_user(nft.user_id):
        raise _name_open_request(nft.user, nft)
    if nft.status != NftStatus.ACTIVE:
        raise Conflict("NFT_NOT_ACTIVE", f"This NFT is {nft.status}; only an active one upgrades.")
    if target_level != nft.tier_level + 1:
        raise Conflict(
            "WRONG_LEVEL",
            f"A level {nft.tier_level} NFT upgrades to level {nft.tier_level + 1} only.",
            details={"currentLevel": nft.tier_level, "allowedLevel": nft.tier_level + 1},
        )


def _name_open_request(user: User, nft: UserNft) -> Conflict:
    open_requests = UpgradeRequest.objects.open()
    found = open_requests.of_user(user.id).first() or open_requests.filter(current_nft=nft).first()
    details = {"upgradeRequestId": str(found.id)} if found and found.user_id == user.id else {}
    return Conflict("UPGRADE_IN_PROGRESS", "You already have an open upgrade.", details=details)


def _look_at_holding(nft: UserNft) -> Holding:
    wallet = nft.user.wallet_address or ""

    async def look(chain: SolanaClient) -> Holding:
        slot = await chain.slot()  # read first: a burn at or before it cannot be ours
        facts = await look_before_burn(chain, wallet=wallet, mint=nft.mint_address)
        return Holding(slot, facts)

    try:
        return on_chain_for_caller(look)
    except ChainRejected:
        raise not_held() from None  # the cluster does not even know the mint


@transaction.atomic(durable=True)
def _open_request(
    *,
    user: User,
    nft: UserNft,
    level: int,
    holding: Holding,
    now: datetime,
    keep: Keep,
    quote: UpgradeQuote | None,
) -> tuple[UpgradeRequest, UnsignedTransaction]:
    nft = _lock_held(user, nft)
    refuse_if_not_upgradable(nft, level)
    terms = check_qualified(user=user, tier=find_tier(level), now=now)
    request = _create_request(user, nft, terms, holding.slot, now)
    burn = _build_burn(request, holding.facts, terms, quote, now)
    keep_burn_transaction(request=request, burn=burn, now=now)
    slugs = request.terms["badges"]
    reserve_badges(user_id=user.id, slugs=slugs, request_id=request.id, now=now)
    nft.reserve_for_upgrade()
    publish(_initiated(request, nft))
    keep(request, burn)
    enqueue(jobs.CHECK_BURN, request.id)
    return request, burn


def _lock_held(user: User, nft: UserNft) -> UserNft:
    """Again of this user: it may have been handed over since the chain was asked."""
    held = UserNft.objects.of_user(user.id).select_for_update().filter(id=nft.id).first()
    if held is None:
        raise not_held()
    return held


def _build_burn(
    request: UpgradeRequest,
    facts: BurnFacts,
    terms: TierTerms,
    quote: UpgradeQuote | None,
    now: datetime,
) -> UnsignedTransaction:
    """Raises Conflict when it would do something else than `quote` says."""
    plan = plan_burn_of(request=request, facts=facts, now=now)
    burn = plan.build(request_id=request.id, blockhash=facts.blockhash)
    if quote is not None:
        user_id, nft_id = request.user_id, request.current_nft_id
        fee = fee_of(burn.raw)
        quote.require_same(
            UpgradeQuote.of(user_id=user_id, nft_id=nft_id, terms=terms, plan=plan, fee=fee)
        )
    return burn


def _initiated(request: UpgradeRequest, nft: UserNft) -> UpgradeInitiated:
    return UpgradeInitiated(
        user_id=request.user_id,
        upgrade_request_id=request.id,
        current_nft_id=nft.id,
        current_level=nft.tier_level,
        target_level=request.target_level,
        expires_at=request.expires_at,
    )


def find_tier(level: int) -> Tier:
    tier = Tier.objects.on_offer().filter(level=level).first()
    if tier is None:
        raise Conflict("NO_SUCH_TIER", f"There is no level {level} to upgrade to.")
    return tier


def _create_request(
    user: User, nft: UserNft, terms: TierTerms, slot: int, now: datetime
) -> UpgradeRequest:
    request_id = uuid7()
    order = place_order(
        purpose=Purpose.UPGRADE,
        request_id=request_id,
        user=user,
        terms=terms,
        status=OrderStatus.WAITING,
    )
    request = UpgradeRequest.objects.create(
        id=request_id,
        user=user,
        current_nft=nft,
        order=order,
        wallet_address=order.wallet_address,
        target_level=terms.level,
        terms=terms.dump(),
        status=UpgradeStatus.AWAITING_BURN,
        created_at=now,
        expires_at=now + settings.UPGRADE_TTL,
        start_slot=slot,
    )
    request.write_first_history(now=now)
    return request
