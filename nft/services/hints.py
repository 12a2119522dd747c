"""What became of the transaction that a member named: seen, final, refused, or never there."""

import logging
import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from chain.burns import FAILED_ON_CHAIN
from chain.client import SolanaClient
from chain.errors import ChainError
from events.services import publish
from nft.chain_access import on_chain, pause_until_final
from nft.events import BurnRejected, error_of
from nft.models import UpgradeRequest, UpgradeStatus
from nft.services.burn_evidence import BurnEvidence
from nft.services.failed_transactions import tell_failed_burn

logger = logging.getLogger(__name__)

UNSEEN_BLOCKS = 150  # a transaction cannot land later than this after it was signed


def follow_hint(
    *, request: UpgradeRequest, evidence: BurnEvidence, now: datetime
) -> timedelta | None:
    """The pause before the next look; None without a hint. Every hint ends proven or rejected."""
    if not request.submitted_signature:
        return None
    if evidence.rejection is not None:
        _reject(request, evidence.rejection.code, evidence.rejection.message, now)
        return timedelta(0)
    if evidence.status is not None and evidence.status.confirmation != "finalized":
        return max(pause_until_final(evidence.status.slot, evidence.finalized_slot), poll_pause())
    # Also one that is final, but that no node shows: it cannot be waited for without end.
    return _wait_until_seen(request, evidence, now)


def poll_pause() -> timedelta:
    """With jitter, so that requests do not ask in step."""
    jitter: float = random.uniform(0.8, 1.2)  # noqa: S311
    return settings.CHAIN_POLL_INTERVAL * jitter


def _wait_until_seen(request: UpgradeRequest, evidence: BurnEvidence, now: datetime) -> timedelta:
    if request.unseen_after_height is None:
        request.note(unseen_after_height=evidence.height + UNSEEN_BLOCKS)
    elif evidence.height > request.unseen_after_height:
        _reject(request, "BURN_NOT_SEEN", "No such transaction was seen in 150 blocks.", now)
        return timedelta(0)
    _broadcast_again(request)
    return poll_pause()


def _broadcast_again(request: UpgradeRequest) -> None:
    """Send the signed burn that the member entrusted to us, until the chain has seen it."""
    kept = request.burn_transactions.filter(
        signature=request.submitted_signature, signed_transaction__isnull=False
    ).first()
    if kept is None:
        return
    raw = bytes(kept.signed_transaction or b"")

    async def send(chain: SolanaClient) -> str:
        return await chain.broadcast(raw)

    try:
        on_chain(send)
    except ChainError as error:
        logger.info("Burn of %s not sent yet: %s", request.id, error)


@transaction.atomic(durable=True)
def _reject(request: UpgradeRequest, code: str, message: str, now: datetime) -> None:
    signature = request.submitted_signature
    if code == FAILED_ON_CHAIN:
        tell_failed_burn(request=request, signature=signature)
    if request.status == UpgradeStatus.VERIFYING_BURN:
        request.reject_burn(code=code, message=message, now=now)
    else:  # closing, closed or in review: only the hint is gone
        request.note(submitted_signature="", unseen_after_height=None)
    publish(
        BurnRejected(
            user_id=request.user_id,
            upgrade_request_id=request.id,
            transaction_signature=signature,
            error=error_of(code, message),
        )
    )
