"""Driving a mint order to exactly one finalized NFT: look, then sign, send, wait or record.

The chain is always asked first, and a transaction is always persisted before it is sent. So
this may be killed anywhere and run again by anybody.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from chain.client import SolanaClient
from chain.errors import ChainError, ChainRejected, ChainUnavailable
from chain.mints import MintVerdict
from core.correlation import resume_correlation_id
from core.errors import Conflict
from nft.chain_access import on_chain, payer
from nft.models import MintOrder, OrderStatus
from nft.services.failed_transactions import forget_failed_mint
from nft.services.fees import look_up_budget
from nft.services.mint_evidence import MintEvidence, SigningFacts, look_at_mint, question_of
from nft.services.mint_failures import record_failed_attempt, resume_after_pause
from nft.services.mint_signing import draft_mint, sign_mint, take_next_address
from nft.services.recording import record_mint

logger = logging.getLogger(__name__)


def advance_mint(*, order_id: UUID, now: datetime) -> float | None:
    """One step of one order; the seconds until the next, None for no more.

    Any number of callers may run at once: one gets the claim, the others have nothing to do.
    """
    token = MintOrder.objects.unfinished().claim(order_id, now=now)
    if token is None:
        return None
    order = MintOrder.objects.get(id=order_id)
    resume_correlation_id(order.correlation_id)
    pause: timedelta | None = timedelta(0)
    try:
        pause = _try_step(order, now)
    except Conflict as conflict:
        logger.info("Order %s moved on: %s", order_id, conflict)
    finally:
        rested = MintOrder.objects.release(
            order_id,
            token=token,
            version=order.version,
            next_run_at=now + pause if pause is not None else None,
        )
    if pause is None:
        return None
    return pause.total_seconds() if rested else 0.0


def _try_step(order: MintOrder, now: datetime) -> timedelta | None:
    try:
        return _take_step(order, now)
    except ChainError as error:
        return record_failed_attempt(order=order, error=error, now=now)


def _take_step(order: MintOrder, now: datetime) -> timedelta | None:
    if order.status != OrderStatus.MINTING:
        return None
    resume_after_pause(order=order, now=now)
    question = question_of(order)
    evidence = on_chain(lambda chain: look_at_mint(chain, question))
    if evidence.failed_for_good:  # it cost its fee, whatever else became of the mint
        forget_failed_mint(order=order)
    if evidence.verdict in (MintVerdict.OURS_LIVE, MintVerdict.OURS_BURNED):
        record_mint(
            order=order,
            signature=evidence.signature,
            fee_lamports=evidence.fee_lamports,
            now=now,
        )
        return None
    if evidence.verdict is MintVerdict.FOREIGN:
        return _leave_address(order, evidence, now)
    if evidence.to_sign is not None:
        return _sign_and_send(order, evidence, evidence.to_sign)
    return _wait_or_give_up(order, evidence)


def _sign_and_send(order: MintOrder, evidence: MintEvidence, facts: SigningFacts) -> timedelta:
    draft = draft_mint(order=order, evidence=evidence, facts=facts)
    writable, attempt = [str(payer().pubkey()), order.mint_address], order.attempt
    budget = on_chain(
        lambda chain: look_up_budget(chain, draft, writable=writable, attempt=attempt),
        deadline=settings.SOLANA_RPC_TIMEOUT_SECONDS,  # short: the claim is a lease
    )
    signed = sign_mint(order=order, evidence=evidence, facts=facts, budget=budget)
    with transaction.atomic(durable=True):
        order.keep_signed(
            raw=signed.raw,
            signature=signed.signature,
            last_valid_block_height=signed.last_valid_block_height,
        )
    _broadcast(signed.raw)
    return settings.CHAIN_POLL_INTERVAL


def _leave_address(order: MintOrder, evidence: MintEvidence, now: datetime) -> timedelta:
    """Not while a transaction that we signed for it may still land: the account could be closed."""
    if order.signature and evidence.height <= (order.last_valid_block_height or 0):
        return settings.CHAIN_POLL_INTERVAL
    take_next_address(order=order, evidence=evidence, now=now)
    return timedelta(0)


def _wait_or_give_up(order: MintOrder, evidence: MintEvidence) -> timedelta:
    """The mint is absent at `evidence.height`, which was read before the account."""
    if evidence.failed_for_good:
        raise ChainRejected("MINT_FAILED_ON_CHAIN", "The mint landed with an error.")
    if evidence.height > (order.last_valid_block_height or 0):
        order.forget_signed()
        raise ChainUnavailable("MINT_EXPIRED", "The mint did not land while it was valid.")
    if evidence.status is None:
        _broadcast_again(order)
    return evidence.pause_until_final()


def _broadcast_again(order: MintOrder) -> None:
    """No failure counts: the transaction may have landed since we looked."""
    try:
        _broadcast(bytes(order.signed_transaction or b""))
    except ChainError as error:
        logger.info("Order %s not sent again: %s", order.id, error)


def _broadcast(raw: bytes) -> None:
    async def send(chain: SolanaClient) -> str:
        return await chain.broadcast(raw)

    on_chain(send)
