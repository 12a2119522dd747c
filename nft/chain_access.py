"""The configured chain: the payer's key, the derivation secrets, the RPC endpoint."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db import connection
from solders.keypair import Keypair

from chain.client import SolanaClient, call_chain
from chain.errors import ChainError, ChainUnavailable
from chain.keys import derive_mint_keypair
from chain.signers import Signer
from core.errors import Unavailable
from nft.models import MintOrder

logger = logging.getLogger(__name__)

T = TypeVar("T")


def on_chain(work: Callable[[SolanaClient], Awaitable[T]], *, deadline: float | None = None) -> T:
    """Run `work` against the configured cluster, within `SOLANA_RPC_DEADLINE_SECONDS` by default.

    Raises ChainUnavailable (try again) or ChainRejected (final).
    """
    return call_chain(
        work,
        rpc_url=settings.SOLANA_RPC_URL,
        timeout=settings.SOLANA_RPC_TIMEOUT_SECONDS,
        deadline=deadline or settings.SOLANA_RPC_DEADLINE_SECONDS,
    )


def on_chain_for_caller(work: Callable[[SolanaClient], Awaitable[T]]) -> T:
    """The same while a person waits for the answer: within `SOLANA_RPC_CALLER_SECONDS`.

    Meanwhile our connection of the database pool serves other requests: a slow node with many
    callers would soon hold them all. Raises Unavailable (try again) or ChainRejected (final).
    """
    if connection.settings_dict["OPTIONS"].get("pool") and not connection.in_atomic_block:
        connection.close()  # back into the pool
    try:
        return on_chain(work, deadline=settings.SOLANA_RPC_CALLER_SECONDS)
    except ChainUnavailable:
        raise Unavailable(
            "CHAIN_UNAVAILABLE", "The Solana network does not answer. Try again in a moment."
        ) from None


def greet_chain() -> None:
    """At the start of a process: open the connection, and refuse to go on with a wrong one.

    Raises ChainUnavailable("WRONG_CLUSTER"). Any other fault is only logged: a node that is
    down now may be up when it is needed.
    """
    try:
        on_chain(require_our_cluster, deadline=settings.SOLANA_RPC_CALLER_SECONDS)
    except ChainError as error:
        if error.code == "WRONG_CLUSTER":
            raise
        logger.warning("The chain is not usable yet: %s", error)


async def require_our_cluster(chain: SolanaClient) -> None:
    """Raises ChainUnavailable when the node serves another cluster than the configured one."""
    if settings.SOLANA_GENESIS_HASH:
        await chain.require_cluster(settings.SOLANA_GENESIS_HASH)


def pause_until_final(slot: int, finalized_slot: int) -> timedelta:
    """How long to leave a transaction alone: until two slots before it should be final."""
    missing = max(0, slot - finalized_slot - 2)
    pause: timedelta = missing * settings.SOLANA_SLOT_DURATION * 0.95
    return pause


def payer() -> Signer:
    """Pays for mints and, where sponsoring is on, for the members' burns."""
    signer: Signer = settings.MINT_AUTHORITY
    return signer


def current_key_version() -> int:
    return max(settings.MINT_DERIVATION_SECRETS)


def mint_keypair(order: MintOrder) -> Keypair:
    """The key of an order's mint, by the version of the secret it was ordered with.

    Raises ChainUnavailable when that secret was removed from the settings, or replaced under
    its number: another address is a second NFT, so nothing is signed until it is back.
    """
    key = derive_keypair(order)
    if str(key.pubkey()) != order.mint_address:
        raise ChainUnavailable("MINT_SECRET_CHANGED", "Minting waits for a setting to be restored.")
    return key


def derive_keypair(order: MintOrder) -> Keypair:
    """The key that the order's nonce gives, whatever address it had. Raises ChainUnavailable."""
    secret = settings.MINT_DERIVATION_SECRETS.get(order.key_version)
    if secret is None:
        raise ChainUnavailable("MINT_SECRET_MISSING", "Minting waits for a setting to be restored.")
    return derive_mint_keypair(
        secret=secret,
        purpose=order.purpose,
        request_id=order.request_id,
        nonce=bytes(order.nonce),
    )
