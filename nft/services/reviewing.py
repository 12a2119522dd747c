"""An operator decides about a burn that nothing proves; a job carries it out.

The decision waives by whom and when the NFT was burned, never that it was: the transaction that
it names must be final and must have burned this NFT.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from chain.addresses import parse_signature
from chain.burns import judge_reviewed_burn
from chain.client import SolanaClient
from chain.errors import ChainRejected
from chain.records import BurnProof, MintAccount
from core.correlation import resume_correlation_id
from core.errors import Conflict, InvalidInput
from core.jobs import enqueue
from nft import jobs
from nft.chain_access import on_chain, require_our_cluster
from nft.models import (
    OPEN,
    Outcome,
    ReviewDecision,
    UpgradeRequest,
    UpgradeStatus,
    UserNft,
    Verdict,
)
from nft.services.accepting import record_burn, take_burn
from nft.services.closing import end_closing


@transaction.atomic
def decide_review(
    *, request_id: UUID, verdict: Verdict, signature: str, reason: str, by: str, now: datetime
) -> ReviewDecision:
    """Note what operator `by` decided. Raises InvalidInput for what is no signature, Conflict
    unless the upgrade is in review and undecided."""
    try:
        parse_signature(signature)
    except ChainRejected as rejection:
        raise InvalidInput(rejection.code, rejection.message) from None
    request = UpgradeRequest.objects.select_for_update().get(id=request_id)
    if request.status != UpgradeStatus.NEEDS_REVIEW:
        raise Conflict("NOT_IN_REVIEW", f"This upgrade is {request.status}, not in review.")
    if ReviewDecision.objects.pending_for(request_id) is not None:
        raise Conflict("REVIEW_PENDING", "A decision about this upgrade is being carried out.")
    resume_correlation_id(request.order.correlation_id)
    decision = request.reviews.create(
        verdict=verdict, signature=signature, reason=reason, decided_by=by, decided_at=now
    )
    request.note(next_run_at=None)
    enqueue(jobs.CHECK_BURN, request.id)
    return decision


@transaction.atomic
def look_again(*, request_id: UUID) -> None:
    """Make the next look or attempt due now. Raises Conflict when it has ended, or moves on."""
    request = UpgradeRequest.objects.select_for_update().get(id=request_id)
    if request.status not in OPEN:
        raise Conflict("UPGRADE_ENDED", f"The upgrade is {request.status} by now.")
    if request.status in (UpgradeStatus.MINTING, UpgradeStatus.MINT_FAILED):
        request.order.change(next_run_at=None)
        enqueue(jobs.MINT, request.order_id)
    else:
        request.note(next_run_at=None)
        enqueue(jobs.CHECK_BURN, request.id)


def carry_out_review(*, request: UpgradeRequest, now: datetime) -> bool:
    """Whether a decision was waiting and took the request out of review.

    Raises ChainError: then it waits. A burn that the chain does not show ends the decision.
    """
    decision = ReviewDecision.objects.pending_for(request.id)
    if decision is None:
        return False
    try:
        proof = _look_up(decision.signature, request)
    except ChainRejected as rejection:
        decision.end(outcome=Outcome.FAILED, now=now, problem=str(rejection))
        return False
    with transaction.atomic(durable=True):
        if decision.verdict == Verdict.ACCEPT:
            take_burn(request=request, proof=proof, now=now, reason=decision.story())
        else:
            _refuse(request, proof, decision.story(), now)
        decision.end(outcome=Outcome.DONE, now=now)
    request.refresh_from_db()
    return True


def _refuse(request: UpgradeRequest, proof: BurnProof, reason: str, now: datetime) -> None:
    """The NFT is gone, for no upgrade; a proof that turns up later is honoured all the same."""
    nft = UserNft.objects.select_for_update().get(id=request.current_nft_id)
    record_burn(nft=nft, proof=proof, owner=None, now=now)
    request.begin_closing(end=UpgradeStatus.CANCELLED, reason=reason, now=now)
    end_closing(request=request, now=now)


def _look_up(signature: str, request: UpgradeRequest) -> BurnProof:
    mint, wallet = request.current_nft.mint_address, request.wallet_address

    async def look(chain: SolanaClient) -> BurnProof:
        await require_our_cluster(chain)
        found, account = await chain.transaction(signature), await chain.mint_account(mint)
        if found is None or not isinstance(account, MintAccount):
            raise ChainRejected("BURN_NOT_FOUND", "No such transaction is final on this cluster.")
        return judge_reviewed_burn(found, mint=mint, wallet=wallet, mint_account=account)

    return on_chain(look)
