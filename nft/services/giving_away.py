"""Upgrades whose NFT went to another wallet: nobody can burn it for them, and its new holder waits.

They are cancelled like any other, through `closing`: should the NFT come back and be burned for
the upgrade after all, that is honoured.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from chain.client import SolanaClient
from chain.errors import ChainError
from chain.records import MintAccount
from core.errors import Conflict
from core.jobs import enqueue
from nft import jobs
from nft.chain_access import on_chain, require_our_cluster
from nft.models import NftHolding, UpgradeRequest, UpgradeStatus

logger = logging.getLogger(__name__)

CHUNK = 100  # accounts that a node gives at once
REASON = "The NFT left the wallet."


def cancel_given_away(*, now: datetime) -> int:
    """Glance at the NFTs whose upgrade waits for its burn; how many of these begin to close."""
    waiting = UpgradeRequest.objects.open().filter(
        status=UpgradeStatus.AWAITING_BURN, current_nft__holding__isnull=False
    )
    unseen = waiting.exclude(
        current_nft__holding__seen_at__gt=now - settings.OWNERSHIP_GLANCE_EVERY
    )
    rows = unseen.select_related("current_nft__holding").order_by("current_nft__holding__seen_at")
    requests = list(rows[:CHUNK])
    if not requests:
        return 0
    seen = [request.current_nft.holding.id for request in requests]
    NftHolding.objects.filter(id__in=seen).update(seen_at=now)
    try:
        gone = on_chain(lambda chain: _given_away(chain, requests))
    except ChainError as error:
        logger.warning("NFTs of open upgrades not looked at: %s", error)
        return 0
    return sum(_cancel(request, now) for request in gone)


async def _given_away(
    chain: SolanaClient, requests: Sequence[UpgradeRequest]
) -> list[UpgradeRequest]:
    await require_our_cluster(chain)
    holdings = [request.current_nft.holding for request in requests]
    shown = await chain.token_accounts([holding.token_account for holding in holdings])
    moved = [
        request
        for request, holding, account in zip(requests, holdings, shown, strict=True)
        if not holding.holder.is_shown_by(account, mint=request.current_nft.mint_address)
    ]
    return [request for request in moved if await _is_elsewhere(chain, request)]


async def _is_elsewhere(chain: SolanaClient, request: UpgradeRequest) -> bool:
    """Neither in another account of the wallet nor burned; the supply is read last."""
    mint = request.current_nft.mint_address
    if await chain.holds(request.wallet_address, mint):
        return False
    account = await chain.mint_account(mint)
    return isinstance(account, MintAccount) and account.supply == 1


def _cancel(request: UpgradeRequest, now: datetime) -> bool:
    try:
        with transaction.atomic(durable=True):
            request.begin_closing(end=UpgradeStatus.CANCELLED, reason=REASON, now=now)
            enqueue(jobs.CHECK_BURN, request.id)
    except Conflict:
        return False  # burned, cancelled or expired in this moment
    return True
