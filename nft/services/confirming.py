"""A member says: I burned it. That is a hint; the proof is found by `nft.services.proving`."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from chain.errors import ChainRejected, ChainUnavailable
from chain.nft import check_signed_burn
from core.correlation import resume_correlation_id
from core.errors import Conflict, InvalidInput, NotFound, Unavailable
from core.jobs import enqueue
from nft import jobs
from nft.chain_access import payer
from nft.models import BurnTransaction, UpgradeRequest, UpgradeStatus
from nft.models.upgrade_states import AFTER_PROOF
from nft.services.sponsoring import charge_sponsor, is_sponsored

S = UpgradeStatus


def confirm_burn(*, user: User, request_id: UUID, signature: str, now: datetime) -> UpgradeRequest:
    """Take note of a burn's signature (base58) and have it verified.

    Raises NotFound, or Conflict when the signature proved another request's burn or this
    request's burn is proven by another signature.
    """
    with transaction.atomic():
        request = _lock_own(user, request_id)
        _refuse_used_signature(request, signature)
        _take_hint(request, signature, now)
        enqueue(jobs.CHECK_BURN, request.id)
    return request


def submit_signed_burn(
    *, user: User, request_id: UUID, raw: bytes, now: datetime
) -> UpgradeRequest:
    """Keep a signed burn transaction; the job broadcasts and verifies it.

    Raises InvalidInput unless its message is one that we built for this very request and
    the wallet signed it, Conflict when we were to pay the fee and the budget is spent.
    """
    with transaction.atomic():
        request = _lock_own(user, request_id)
        built = {burn.message_hash: burn for burn in request.burn_transactions.all()}
        try:
            signed = check_signed_burn(
                raw,
                expected_message_hashes=built.keys(),
                wallet=request.wallet_address,
                fee_payer=payer() if settings.SPONSOR_BURN_FEES else None,
            )
        except ChainRejected as rejection:
            raise InvalidInput(rejection.code, rejection.message) from None
        except ChainUnavailable as error:  # our own signature, where we pay the fee
            raise Unavailable(error.code, error.message) from None
        burn = built[signed.message_hash]
        if is_sponsored(burn):
            charge_sponsor(burn=burn, user_id=request.user_id, now=now)
        _keep_signed(burn, signed.raw, signed.signature)
        _refuse_used_signature(request, signed.signature)
        _take_hint(request, signed.signature, now)
        enqueue(jobs.CHECK_BURN, request.id)
    return request


def _lock_own(user: User, request_id: UUID) -> UpgradeRequest:
    request = (
        UpgradeRequest.objects.of_user(user.id).select_for_update().filter(id=request_id).first()
    )
    if request is None:
        raise NotFound("UPGRADE_NOT_FOUND", "You have no such upgrade.")
    resume_correlation_id(request.order.correlation_id)
    return request


def _refuse_used_signature(request: UpgradeRequest, signature: str) -> None:
    proven = UpgradeRequest.objects.filter(burn_signature=signature).exclude(id=request.id)
    if proven.exists():
        raise Conflict("BURN_SIGNATURE_USED", "This burn belongs to another upgrade.")
    if request.status in AFTER_PROOF and request.burn_signature != signature:
        raise Conflict("BURN_ALREADY_PROVEN", "The burn of this upgrade is proven already.")


def _take_hint(request: UpgradeRequest, signature: str, now: datetime) -> None:
    if request.status in AFTER_PROOF:
        return  # the same signature again: nothing left to do
    if request.status == S.AWAITING_BURN:
        request.begin_verification(signature=signature, now=now)
    elif request.status != S.VERIFYING_BURN or request.submitted_signature != signature:
        # The same again too: it may have landed since, and a closed request rests for hours.
        request.note(
            submitted_signature=signature,
            unseen_after_height=None,
            watch_burn=True,
            next_run_at=None,
        )


def _keep_signed(burn: BurnTransaction, raw: bytes, signature: str) -> None:
    burn.signed_transaction, burn.signature = raw, signature
    burn.save(update_fields=["signed_transaction", "signature"])
