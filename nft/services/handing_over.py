"""Recording what the chain shows: an NFT goes to another member, outside, or is burned.

An NFT with an open upgrade is left alone: until that ends, its burn is the upgrade's to find.
A burn for which a closed upgrade may be owed goes to the upgrade as well.
"""

import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from chain.burns import judge_burn
from chain.errors import ChainRejected
from chain.ownership import Holder, Move
from chain.records import MintAccount
from core.jobs import enqueue
from events.services import publish
from nft import jobs
from nft.events import NftBurned, NftTransferred
from nft.models import NftHolding, NftStatus, OwnershipChange, UpgradeRequest, UserNft
from nft.models.holdings import HoldingStatus
from nft.services.owner_evidence import OwnerEvidence

logger = logging.getLogger(__name__)

PAUSE_DURING_UPGRADE = timedelta(seconds=30)
PAUSE_IN_TROUBLE = timedelta(minutes=5)
# A node's index may be behind its state, so these are read again before every cursor.
SLOTS_READ_AGAIN = 64
TROUBLE_AFTER = timedelta(minutes=1)
PAUSE_UNSETTLED = timedelta(seconds=2)


@transaction.atomic(durable=True)
def apply_moves(*, holding: NftHolding, evidence: OwnerEvidence, now: datetime) -> timedelta | None:
    """Record the moves and the cursor together; the pause before the next look, None at the end.

    Raises Conflict, changing nothing, when another worker was faster.
    """
    # The NFT first, as everywhere: two transactions that lock both never wait for each other.
    nft = UserNft.objects.select_for_update().get(id=holding.nft_id)
    if nft.status == NftStatus.BURNED:
        holding.end()
        return None
    if UpgradeRequest.objects.open().filter(current_nft=nft).exists():
        return PAUSE_DURING_UPGRADE
    for move in evidence.moves:
        if move.after is None:
            return _apply_burn(nft, holding, move, evidence.mint_account, now)
        _apply_transfer(nft, holding, move, move.after, now)
    return _move_cursor(holding, evidence, now)


def _move_cursor(holding: NftHolding, evidence: OwnerEvidence, now: datetime) -> timedelta:
    if not evidence.is_complete:
        # Further on by what is read again, so that the next look starts where this one stopped.
        holding.change(slot=evidence.read_to + SLOTS_READ_AGAIN)
        return timedelta(0)
    if evidence.settled:
        holding.change(slot=evidence.read_to, trouble="", unsettled_since=None)
        every: timedelta = settings.OWNERSHIP_REREAD_EVERY
        return every
    if evidence.moves:
        return PAUSE_UNSETTLED  # it went on while we read
    if holding.unsettled_since is None:
        holding.change(unsettled_since=now)
    if now - (holding.unsettled_since or now) < TROUBLE_AFTER:
        return PAUSE_UNSETTLED  # the node may be behind
    reason = "The chain shows the NFT elsewhere than its transactions lead to."
    if not holding.trouble:
        logger.warning("NFT %s: %s", holding.nft_id, reason)
    holding.change(trouble=reason)
    return PAUSE_IN_TROUBLE


def _apply_transfer(
    nft: UserNft, holding: NftHolding, move: Move, after: Holder, now: datetime
) -> None:
    holding.move_to(after)
    if not move.changes_wallet:
        return  # from one token account of a wallet to another
    change = _keep(nft, move, now)
    giver = nft.user if nft.status == NftStatus.ACTIVE else None
    taker = User.objects.filter(wallet_address=after.wallet).first()
    if taker is not None:
        nft.hand_over(taker, since=change.at)
    elif nft.status == NftStatus.ACTIVE:
        nft.leave()
    for member in dict.fromkeys(filter(None, (giver, taker))):
        _tell_of_transfer(nft, change, member)


def give_to_newcomers() -> int:
    """NFTs held outside by a wallet that has become a member's since; how many."""
    outside = NftHolding.objects.filter(
        status=HoldingStatus.FOLLOWED,
        nft__status=NftStatus.TRANSFERRED,
        wallet__in=User.objects.exclude(wallet_address=None).values("wallet_address"),
    )
    found = list(outside.values_list("nft_id", flat=True)[:100])
    return sum(_give_to_newcomer(nft_id) for nft_id in found)


@transaction.atomic(durable=True)
def _give_to_newcomer(nft_id: UUID) -> bool:
    nft = UserNft.objects.select_for_update().get(id=nft_id)
    holding = NftHolding.objects.select_for_update().get(nft=nft)
    taker = User.objects.filter(wallet_address=holding.wallet).first()
    if nft.status != NftStatus.TRANSFERRED or taker is None:
        return False  # somebody was faster
    change = OwnershipChange.objects.filter(nft=nft, to_wallet=holding.wallet)[0]
    nft.hand_over(taker, since=change.at)
    _tell_of_transfer(nft, change, taker)
    return True


def _apply_burn(
    nft: UserNft,
    holding: NftHolding,
    move: Move,
    mint_account: MintAccount | None,
    now: datetime,
) -> timedelta | None:
    if _leave_to_upgrade(nft, move, mint_account):
        return PAUSE_DURING_UPGRADE
    change = _keep(nft, move, now)
    nft.record_burn(signature=change.signature, burned_at=change.at)
    holding.end()
    publish(
        NftBurned(
            user_id=nft.user_id,
            nft_id=nft.id,
            mint_address=nft.mint_address,
            transaction_signature=change.signature,
            burned_at=change.at,
            upgrade_request_id=None,
        )
    )
    return None


def _leave_to_upgrade(nft: UserNft, move: Move, mint_account: MintAccount | None) -> bool:
    """Whether a closed upgrade can prove this burn as its member's; if so, have it look.

    It decides whether the burn names a request, which is then honoured, however late.
    """
    closed = UpgradeRequest.objects.filter(
        current_nft=nft, wallet_address=move.before.wallet, start_slot__lte=move.transaction.slot
    ).order_by("-id")
    request = closed.select_for_update().first()
    if request is None or not _is_provable(move, request, mint_account):
        return False
    if not request.watch_burn or request.next_run_at is not None:
        request.note(watch_burn=True, next_run_at=None)
    enqueue(jobs.CHECK_BURN, request.id)
    return True


def _is_provable(move: Move, request: UpgradeRequest, account: MintAccount | None) -> bool:
    if account is None:
        return False
    try:
        judge_burn(
            move.transaction,
            mint=account.address,
            wallet=request.wallet_address,
            mint_account=account,
            not_before_slot=request.start_slot,
        )
    except ChainRejected:
        return False
    return True


def _keep(nft: UserNft, move: Move, now: datetime) -> OwnershipChange:
    """The unique index on (NFT, signature) refuses to apply a move twice."""
    time = move.transaction.block_time
    return OwnershipChange.objects.create(
        nft=nft,
        signature=move.transaction.signature,
        slot=move.transaction.slot,
        from_wallet=move.before.wallet,
        to_wallet=move.after.wallet if move.after else "",
        at=datetime.fromtimestamp(time, tz=UTC) if time else now,
    )


def _tell_of_transfer(nft: UserNft, change: OwnershipChange, member: User) -> None:
    publish(
        NftTransferred(
            user_id=member.id,
            nft_id=nft.id,
            mint_address=nft.mint_address,
            from_wallet=change.from_wallet,
            to_wallet=change.to_wallet,
            transaction_signature=change.signature,
        )
    )
