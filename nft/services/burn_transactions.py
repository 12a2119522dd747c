"""The burn transactions that we build for members, and those they hand back signed."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from chain.client import SolanaClient
from chain.errors import ChainUnavailable
from chain.nft import build_burn, burn_memo
from chain.records import Blockhash, UnsignedTransaction
from core.errors import Conflict, Unavailable
from nft.chain_access import on_chain_for_caller, payer
from nft.models import BurnTransaction, UpgradeRequest, UpgradeStatus
from nft.services.finding import find_upgrade

BURNABLE = (UpgradeStatus.AWAITING_BURN, UpgradeStatus.VERIFYING_BURN)


def renew_burn_transaction(*, user: User, request_id: UUID, now: datetime) -> UnsignedTransaction:
    """A fresh unsigned burn transaction, valid for about 150 blocks.

    Raises Conflict once a burn is no longer wanted: closing waits for every one that we
    issued, so none may be issued after it began.
    """
    request = find_upgrade(user=user, request_id=request_id)
    _refuse_unless_burnable(request)
    try:
        blockhash, account = _look_up(request.wallet_address, request.current_nft.mint_address)
    except ChainUnavailable:
        raise Unavailable(
            "CHAIN_UNAVAILABLE", "The Solana network does not answer. Try again in a moment."
        ) from None
    with transaction.atomic():
        request = UpgradeRequest.objects.select_for_update().get(id=request.id)
        _refuse_unless_burnable(request)
        burn = build_burn_transaction(request=request, blockhash=blockhash, token_account=account)
        keep_burn_transaction(request=request, burn=burn, now=now)
    return burn


def build_burn_transaction(
    *, request: UpgradeRequest, blockhash: Blockhash, token_account: str | None
) -> UnsignedTransaction:
    """Burn, close, and the memo that names the request.

    `token_account` is where the NFT lies; by default the wallet's associated account.
    """
    return build_burn(
        wallet=request.wallet_address,
        mint=request.current_nft.mint_address,
        memo=burn_memo(request.id),
        blockhash=blockhash,
        fee_payer=str(payer().pubkey()) if settings.SPONSOR_BURN_FEES else None,
        token_account=token_account,
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


def _look_up(wallet: str, mint: str) -> tuple[Blockhash, str | None]:
    async def look(chain: SolanaClient) -> tuple[Blockhash, str | None]:
        return await chain.latest_blockhash(), await chain.token_account(wallet, mint)

    return on_chain_for_caller(look)


def _refuse_unless_burnable(request: UpgradeRequest) -> None:
    if request.status not in BURNABLE:
        raise Conflict(
            "NO_BURN_WANTED", f"This upgrade is {request.status}; there is nothing to burn for it."
        )
