"""The burn transactions that we build for members, and those they hand back signed."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from chain.client import SolanaClient
from chain.errors import ChainError, ChainUnavailable
from chain.fees import DRAFT, ComputeBudget
from chain.nft import build_burn, burn_memo
from chain.records import Blockhash, UnsignedTransaction
from core.errors import Conflict, Unavailable
from nft.chain_access import on_chain_for_caller, payer
from nft.models import BurnTransaction, UpgradeRequest, UpgradeStatus
from nft.services.fees import look_up_budget
from nft.services.finding import find_upgrade

logger = logging.getLogger(__name__)

BURNABLE = (UpgradeStatus.AWAITING_BURN, UpgradeStatus.VERIFYING_BURN)


def renew_burn_transaction(*, user: User, request_id: UUID, now: datetime) -> UnsignedTransaction:
    """A fresh unsigned burn transaction, valid for about 150 blocks.

    Raises Conflict once a burn is no longer wanted: closing waits for every one that we
    issued, so none may be issued after it began.
    """
    request = find_upgrade(user=user, request_id=request_id)
    _refuse_unless_burnable(request)
    try:
        facts = _look_up(request.wallet_address, request.current_nft.mint_address)
    except ChainUnavailable:
        raise Unavailable(
            "CHAIN_UNAVAILABLE", "The Solana network does not answer. Try again in a moment."
        ) from None
    with transaction.atomic():
        request = UpgradeRequest.objects.select_for_update().get(id=request.id)
        _refuse_unless_burnable(request)
        burn = build_burn_transaction(request=request, facts=facts)
        keep_burn_transaction(request=request, burn=burn, now=now)
    return burn


@dataclass(frozen=True)
class BurnFacts:
    """What the chain says for a burn. The NFT lies in `account`, by default the associated one."""

    blockhash: Blockhash
    account: str | None
    budget: ComputeBudget | None


async def look_up_burn_facts(chain: SolanaClient, *, wallet: str, mint: str) -> BurnFacts:
    """With a budget where we pay the fee; a wallet that pays itself sets what it likes."""
    facts = BurnFacts(await chain.latest_blockhash(), await chain.token_account(wallet, mint), None)
    if not settings.SPONSOR_BURN_FEES or facts.account is None:
        return facts
    draft = _build(wallet, mint, UUID(int=0), replace(facts, budget=DRAFT))
    try:
        budget = await look_up_budget(chain, draft.raw, writable=[str(payer().pubkey()), mint])
    except ChainError as error:
        logger.info("A sponsored burn goes without a budget: %s", error)
        return facts
    return replace(facts, budget=budget)


def build_burn_transaction(*, request: UpgradeRequest, facts: BurnFacts) -> UnsignedTransaction:
    """Burn, close, and the memo that names the request."""
    mint = request.current_nft.mint_address
    return _build(request.wallet_address, mint, request.id, facts)


def _build(wallet: str, mint: str, request_id: UUID, facts: BurnFacts) -> UnsignedTransaction:
    return build_burn(
        wallet=wallet,
        mint=mint,
        memo=burn_memo(request_id),
        blockhash=facts.blockhash,
        fee_payer=str(payer().pubkey()) if settings.SPONSOR_BURN_FEES else None,
        token_account=facts.account,
        budget=facts.budget,
    )


def keep_burn_transaction(
    *, request: UpgradeRequest, burn: UnsignedTransaction, now: datetime
) -> None:
    """Remember it, so that closing knows how long it may land and a signed one is recognised."""
    BurnTransaction.objects.get_or_create(
        request=request,
        message_hash=burn.message_hash,
        defaults={
            "last_valid_block_height": burn.last_valid_block_height,
            "created_at": now,
        },
    )


def _look_up(wallet: str, mint: str) -> BurnFacts:
    return on_chain_for_caller(lambda chain: look_up_burn_facts(chain, wallet=wallet, mint=mint))


def _refuse_unless_burnable(request: UpgradeRequest) -> None:
    if request.status not in BURNABLE:
        raise Conflict(
            "NO_BURN_WANTED", f"This upgrade is {request.status}; there is nothing to burn for it."
        )
