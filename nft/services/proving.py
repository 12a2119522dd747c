"""Looking for the burn, and what follows: minting, another look, a rejection, or the end."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from chain.errors import ChainError
from core.correlation import resume_correlation_id
from core.errors import Conflict
from events.services import publish
from nft.chain_access import on_chain
from nft.events import RequestStuck, UpgradeNeedsReview
from nft.models import CLOSED, UpgradeRequest, UpgradeStatus
from nft.models.upgrade_states import AFTER_PROOF
from nft.services.accepting import accept_burn
from nft.services.burn_evidence import BurnEvidence, gather_burn_evidence, question_of
from nft.services.closing import finish_closing, start_expiry
from nft.services.hints import follow_hint, poll_pause
from nft.services.reviewing import carry_out_review

logger = logging.getLogger(__name__)

S = UpgradeStatus
UNFINALIZED_BLOCKS = 32  # how far the newest block is ahead of the finalized one
PAUSE_WITHOUT_CHAIN = timedelta(seconds=2)
PAUSE_IN_REVIEW = timedelta(minutes=5)
REVIEW_AFTER = timedelta(minutes=5)


def check_burn(*, request_id: UUID, now: datetime) -> float | None:
    """One look at the chain for one request; the seconds until the next, None for no more.

    Any number of callers may run at once: one gets the claim, the others have nothing to do.
    """
    token = UpgradeRequest.objects.awaiting_proof().claim(request_id, now=now)
    if token is None:
        return None
    request = UpgradeRequest.objects.select_related("current_nft", "order").get(id=request_id)
    resume_correlation_id(request.order.correlation_id)
    pause: timedelta | None = PAUSE_WITHOUT_CHAIN
    try:
        pause = _look_and_step(request, now)
    except ChainError as error:  # also a refusal: none of these is a verdict about a burn
        logger.warning("Chain unavailable while checking %s: %s", request_id, error)
    except Conflict:
        pause = poll_pause()  # the row moved on meanwhile: look again with fresh eyes
    finally:
        rested = UpgradeRequest.objects.release(
            request_id,
            token=token,
            version=request.version,
            next_run_at=now + pause if pause is not None else None,
        )
    if not rested:
        return 0.0
    return pause.total_seconds() if pause is not None else None


def _look_and_step(request: UpgradeRequest, now: datetime) -> timedelta | None:
    if request.status in (S.MINTING, S.MINT_FAILED, S.COMPLETED):
        return None
    if UpgradeRequest.objects.proven_for(request.current_nft_id).exists():
        _end_without_nft(request, now)
        return None
    question = question_of(request)
    evidence = on_chain(lambda chain: gather_burn_evidence(chain, question))
    if evidence.proof is not None:
        failed = request.submitted_signature if evidence.hint_failed else ""
        accept_burn(request=request, proof=evidence.proof, failed=failed, now=now)
        return None
    match request.status:
        case S.AWAITING_BURN:
            return _step_awaiting(request, evidence, now)
        case S.VERIFYING_BURN:
            return _step_verifying(request, evidence, now)
        case S.CLOSING:
            return _step_closing(request, evidence, now)
        case S.NEEDS_REVIEW:
            return _step_review(request, evidence, now)
        case _:  # closed: watched for a late burn that names it, ever more rarely
            return _step_closed(request, evidence, now)


def _step_awaiting(request: UpgradeRequest, evidence: BurnEvidence, now: datetime) -> timedelta:
    if evidence.is_burned:
        return _wait_for_proof(request, now)
    if request.expires_at <= now:
        start_expiry(request=request, now=now)
        return timedelta(0)
    return min(settings.BURN_SWEEP_EVERY, request.expires_at - now)


def _step_verifying(request: UpgradeRequest, evidence: BurnEvidence, now: datetime) -> timedelta:
    if evidence.is_burned:
        return _wait_for_proof(request, now)
    return _step_resting(request, evidence, poll_pause(), now)


def _step_review(
    request: UpgradeRequest, evidence: BurnEvidence, now: datetime
) -> timedelta | None:
    if carry_out_review(request=request, now=now):
        return None if request.status in AFTER_PROOF else timedelta(0)
    return _step_resting(request, evidence, PAUSE_IN_REVIEW, now)


def _step_resting(
    request: UpgradeRequest, evidence: BurnEvidence, rest: timedelta, now: datetime
) -> timedelta:
    """Follow the member's hint while there is one, else rest."""
    pause = follow_hint(request=request, evidence=evidence, now=now)
    return rest if pause is None else pause


def _step_closed(
    request: UpgradeRequest, evidence: BurnEvidence, now: datetime
) -> timedelta | None:
    pause = follow_hint(request=request, evidence=evidence, now=now)
    return _pause_after_end(request, now) if pause is None else pause


def _step_closing(
    request: UpgradeRequest, evidence: BurnEvidence, now: datetime
) -> timedelta | None:
    if evidence.is_burned:
        return _wait_for_proof(request, now)
    if request.closing_height is None:
        request.note(closing_height=evidence.height + UNFINALIZED_BLOCKS)
    pause = follow_hint(request=request, evidence=evidence, now=now)
    if pause is not None:
        return pause
    # The supply was read after the height: no burn that we wait for can have landed.
    safe = request.burn_is_safe_after_height() + settings.CLOSING_MARGIN_BLOCKS
    if evidence.supply is not None and evidence.height > safe:
        finish_closing(request=request, now=now)
        return _pause_after_end(request, now)
    return poll_pause()


def _end_without_nft(request: UpgradeRequest, now: datetime) -> None:
    """The NFT was burned for another request: nothing is left to burn for this one."""
    if request.status not in (*CLOSED, S.CLOSING):
        with transaction.atomic(durable=True):
            reason = "The NFT was burned for another upgrade."
            request.begin_closing(end=S.CANCELLED, reason=reason, now=now)
    if request.status == S.CLOSING:
        finish_closing(request=request, now=now)
    request.stop_watching()


def _pause_after_end(request: UpgradeRequest, now: datetime) -> timedelta | None:
    age = now - (request.closed_at or now)
    if age > settings.LATE_BURN_WATCH:
        request.stop_watching()
        return None
    return min(max(age / 4, timedelta(minutes=1)), timedelta(hours=6))


def _wait_for_proof(request: UpgradeRequest, now: datetime) -> timedelta:
    """The supply is gone, so it is a burn; nodes may need time to show the transaction."""
    if request.burn_seen_at is None:
        request.note(burn_seen_at=now)
    elif now - request.burn_seen_at > REVIEW_AFTER:
        _send_to_review(request, now)
        return PAUSE_IN_REVIEW
    return PAUSE_WITHOUT_CHAIN


@transaction.atomic(durable=True)
def _send_to_review(request: UpgradeRequest, now: datetime) -> None:
    reason = "The NFT is burned on chain, but no transaction proves by whom and for what."
    before = request.burn_seen_at or now
    request.send_to_review(reason=reason, now=now)
    publish(
        UpgradeNeedsReview(user_id=request.user_id, upgrade_request_id=request.id, reason=reason)
    )
    publish(
        RequestStuck(
            aggregate_id=request.id,
            upgrade_request_id=request.id,
            status=request.status,
            stuck_seconds=int((now - before).total_seconds()),
            reason=reason,
        )
    )
