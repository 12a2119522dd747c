"""Writing a checkpoint's root on the chain: sign, keep, send, and record what is finalized."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.db import transaction

from audit.models import Anchor, AnchorStatus, ChainTransaction, TransactionPurpose
from audit.services.chain_log import our_address
from chain.client import SolanaClient, call_chain
from chain.errors import ChainError
from chain.memos import build_memo
from chain.records import ConfirmedTransaction, SignedTransaction

logger = logging.getLogger(__name__)

T = TypeVar("T")
AT_ONCE = 5


def anchor_checkpoints(*, now: datetime) -> int:
    """One step of each anchor that is on its way; how many became final."""
    finalized = 0
    for size in Anchor.objects.unfinished().values_list("size", flat=True)[:AT_ONCE]:
        if not Anchor.objects.claim(size, now=now):
            continue
        try:
            finalized += _take_step(Anchor.objects.get(size=size), now)
        except ChainError as error:
            logger.warning("Anchor %s waits: %s", size, error)
            break
        finally:
            Anchor.objects.filter(size=size).update(claimed_until=None)
    return finalized


def _take_step(anchor: Anchor, now: datetime) -> bool:
    if not anchor.signature:
        _sign_and_send(anchor)
        return False
    found, height = _on_chain(lambda chain: _look(chain, anchor.signature))
    if found is not None and found.error is None:
        _record(anchor, found, now)
        return True
    if found is not None or height > (anchor.last_valid_block_height or 0):
        _forget(anchor, found, now)  # it failed, or can land no more
    else:
        _send(bytes(anchor.signed_transaction or b""))
    return False


def _sign_and_send(anchor: Anchor) -> None:
    async def ask(chain: SolanaClient) -> SignedTransaction:
        if settings.SOLANA_GENESIS_HASH:
            await chain.require_cluster(settings.SOLANA_GENESIS_HASH)
        blockhash = await chain.latest_blockhash()
        return build_memo(payer=settings.MINT_AUTHORITY, text=anchor.memo, blockhash=blockhash)

    signed = _on_chain(ask)
    with transaction.atomic(durable=True):
        is_kept = Anchor.objects.filter(size=anchor.size, signature="").update(
            signed_transaction=signed.raw,
            signature=signed.signature,
            last_valid_block_height=signed.last_valid_block_height,
        )
    if is_kept:  # else another worker, whose claim came after ours ran out, was faster
        _send(signed.raw)


async def _look(chain: SolanaClient, signature: str) -> tuple[ConfirmedTransaction | None, int]:
    """The height first: what is absent afterwards did not land up to it."""
    height = await chain.block_height()
    return await chain.transaction(signature), height


@transaction.atomic(durable=True)
def _record(anchor: Anchor, found: ConfirmedTransaction, now: datetime) -> None:
    Anchor.objects.filter(size=anchor.size).update(
        status=AnchorStatus.FINALIZED, slot=found.slot, finalized_at=now
    )
    _log(anchor, found, now)


@transaction.atomic(durable=True)
def _forget(anchor: Anchor, found: ConfirmedTransaction | None, now: datetime) -> None:
    if found is not None:
        _log(anchor, found, now)
    Anchor.objects.filter(size=anchor.size).update(
        signed_transaction=None, signature="", last_valid_block_height=None
    )


def _log(anchor: Anchor, found: ConfirmedTransaction, now: datetime) -> None:
    row = ChainTransaction(
        purpose=TransactionPurpose.ANCHOR,
        signature=anchor.signature,
        object=f"checkpoint {anchor.size}",
        signer=our_address(),
        fee_lamports=found.fee,
        failed=found.error is not None,
        at=now,
    )
    ChainTransaction.objects.bulk_create([row], ignore_conflicts=True)


def _send(raw: bytes) -> None:
    _on_chain(lambda chain: chain.broadcast(raw))


def _on_chain(work: Callable[[SolanaClient], Awaitable[T]]) -> T:
    return call_chain(
        work,
        rpc_url=settings.SOLANA_RPC_URL,
        timeout=settings.SOLANA_RPC_TIMEOUT_SECONDS,
        deadline=settings.SOLANA_RPC_DEADLINE_SECONDS,
    )
