"""The burn transactions that we build for members, and those they hand back signed."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from chain.errors import ChainRejected
from chain.quotes import fee_of
from chain.records import UnsignedTransaction
from core.errors import Conflict
from nft.chain_access import on_chain_for_caller
from nft.models import BurnTransaction, UpgradeRequest, UpgradeStatus
from nft.services.burn_planning import (
    BurnFacts,
    BurnPlan,
    look_before_burn,
    not_held,
    plan_burn,
)
from nft.services.finding import find_upgrade

BURNABLE = (UpgradeStatus.AWAITING_BURN, UpgradeStatus.VERIFYING_BURN)


def renew_burn_transaction(*, user: User, request_id: UUID, now: datetime) -> UnsignedTransaction:
    """A fresh unsigned burn transaction, valid for about 150 blocks.

    Raises Conflict once a burn is no longer wanted (closing waits for every one that we
    issued, so none may be issued after it began), Unavailable when the chain does not answer.
    """
    request = find_upgrade(user=user, request_id=request_id)
    _refuse_unless_burnable(request)
    facts = _look_up(request.wallet_address, request.current_nft.mint_address)
    with transaction.atomic():
        request = UpgradeRequest.objects.select_for_update().get(id=request.id)
        _refuse_unless_burnable(request)
        burn = build_burn_transaction(request=request, facts=facts, now=now)
        keep_burn_transaction(request=request, burn=burn, now=now)
    return burn


def build_burn_transaction(
    *, request: UpgradeRequest, facts: BurnFacts, now: datetime
) -> UnsignedTransaction:
    """Burn, close, and the memo that names the request."""
    plan = plan_burn_of(request=request, facts=facts, now=now)
    return plan.build(request_id=request.id, blockhash=facts.blockhash)


def plan_burn_of(*, request: UpgradeRequest, facts: BurnFacts, now: datetime) -> BurnPlan:
    return plan_burn(
        user_id=request.user_id,
        wallet=request.wallet_address,
        mint=request.current_nft.mint_address,
        facts=facts,
        now=now,
    )


def keep_burn_transaction(
    *, request: UpgradeRequest, burn: UnsignedTransaction, now: datetime
) -> None:
    """Remember it, so that closing knows how long it may land and a signed one is recognised."""
    fee = fee_of(burn.raw)
    BurnTransaction.objects.get_or_create(
        request=request,
        message_hash=burn.message_hash,
        defaults={
            "last_valid_block_height": burn.last_valid_block_height,
            "fee_payer": fee.payer,
            "fee_lamports": fee.lamports,
            "created_at": now,
        },
    )


def _look_up(wallet: str, mint: str) -> BurnFacts:
    try:
        return on_chain_for_caller(lambda chain: look_before_burn(chain, wallet=wallet, mint=mint))
    except ChainRejected:
        raise not_held() from None  # the cluster does not even know the mint


def _refuse_unless_burnable(request: UpgradeRequest) -> None:
    if request.status not in BURNABLE:
        raise Conflict(
            "NO_BURN_WANTED", f"This upgrade is {request.status}; there is nothing to burn for it."
        )
