"""Cancel and expiry: both go through `closing`, so that no burn can slip in between."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from badges.services import release_badges
from core.correlation import resume_correlation_id
from core.errors import Conflict, NotFound
from core.jobs import enqueue
from events.services import publish
from nft import jobs
from nft.events import UpgradeCancelled, UpgradeExpired
from nft.models import NftStatus, TierSupply, UpgradeRequest, UpgradeStatus, UserNft

S = UpgradeStatus


@transaction.atomic
def cancel_upgrade(*, user: User, request_id: UUID, now: datetime) -> UpgradeRequest:
    """Begin to close a request at its member's wish; again changes nothing.

    Raises Conflict, with the reason, once a burn is being verified or is proven.
    """
    mine = UpgradeRequest.objects.of_user(user.id).select_for_update()
    request = mine.filter(id=request_id).first()
    if request is None:
        raise NotFound("UPGRADE_NOT_FOUND", "You have no such upgrade.")
    if request.status in (S.CLOSING, S.CANCELLED) and request.closing_as == S.CANCELLED:
        return request
    if request.status != S.AWAITING_BURN:
        raise Conflict("CANNOT_CANCEL", f"An upgrade that is {request.status} cannot be cancelled.")
    resume_correlation_id(request.order.correlation_id)
    request.begin_closing(end=S.CANCELLED, reason="cancelled by the member", now=now)
    enqueue(jobs.CHECK_BURN, request.id)
    return request


@transaction.atomic
def start_expiry(*, request: UpgradeRequest, now: datetime) -> None:
    """Begin to close a request whose time is over. Raises Conflict when it moved on."""
    resume_correlation_id(request.order.correlation_id)
    request.begin_closing(end=S.EXPIRED, reason="not burned in time", now=now)


def expire_upgrades(*, now: datetime, limit: int = 500) -> int:
    """Begin to close every request past its time; how many. Needs no chain."""
    expired = 0
    for request in UpgradeRequest.objects.past_expiry(now=now).select_related("order")[:limit]:
        try:
            start_expiry(request=request, now=now)
        except Conflict:
            continue  # burned, cancelled or expired by someone else in this moment
        enqueue(jobs.CHECK_BURN, request.id)
        expired += 1
    return expired


@transaction.atomic(durable=True)
def finish_closing(*, request: UpgradeRequest, now: datetime) -> None:
    """End a closing request: no burn that we issued can land any more."""
    end_closing(request=request, now=now)


def end_closing(*, request: UpgradeRequest, now: datetime) -> None:
    """The same in the caller's transaction."""
    # The NFT first, as everywhere: two transactions that lock both never wait for each other.
    nft = UserNft.objects.select_for_update().get(id=request.current_nft_id)
    request.close(now=now)
    if nft.status == NftStatus.UPGRADING:
        nft.give_back()
    release_badges(request_id=request.id, now=now)
    TierSupply.objects.give_back(level=request.target_level)
    fact = UpgradeCancelled if request.status == S.CANCELLED else UpgradeExpired
    publish(
        fact(
            user_id=request.user_id,
            upgrade_request_id=request.id,
            reason=request.closing_reason,
        )
    )
