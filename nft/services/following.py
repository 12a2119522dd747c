"""Following our NFTs on chain: many are glanced at together, one is read when it moved.

The cursor of each NFT is in its row, at a finalized slot, and some slots before it are always
read again, because a node's index may be behind its state. What was applied is remembered by
signature, so that reading anything twice changes nothing.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from chain.errors import ChainError
from chain.ownership import first_holder
from chain.records import TokenAccount
from core.errors import Conflict
from core.jobs import enqueue
from nft import jobs
from nft.chain_access import on_chain
from nft.models import NftHolding, NftStatus, OwnershipChange, UserNft
from nft.models.holdings import HoldingStatus, first_look
from nft.services.handing_over import SLOTS_READ_AGAIN, apply_moves, give_to_newcomers
from nft.services.hints import poll_pause
from nft.services.owner_evidence import OwnerQuestion, gather_owner_evidence

logger = logging.getLogger(__name__)

CHUNK = 100  # accounts that a node gives at once
CHUNKS_A_TURN = 10
PAUSE_WITHOUT_CHAIN = timedelta(seconds=5)
MINTED = (NftStatus.ACTIVE, NftStatus.UPGRADING, NftStatus.TRANSFERRED)


def glance_at_holders(*, now: datetime) -> int:
    """Compare the token accounts of the longest unseen NFTs with our rows; how many moved.

    Also takes in NFTs that nobody follows yet, and hands over those held outside whose
    wallet has signed in since.
    """
    _take_in_new(now)
    _end_burned()
    give_to_newcomers()
    waiting = NftHolding.objects.followed().filter(trouble="")
    unseen = waiting.exclude(seen_at__gt=now - settings.OWNERSHIP_GLANCE_EVERY)
    holdings = list(unseen.select_related("nft").order_by("seen_at")[: CHUNK * CHUNKS_A_TURN])
    chunks = [holdings[at : at + CHUNK] for at in range(0, len(holdings), CHUNK)]
    return sum(_glance(chunk, now) for chunk in chunks)


def _glance(holdings: Sequence[NftHolding], now: datetime) -> int:
    accounts = [holding.token_account for holding in holdings]

    try:
        shown: list[TokenAccount | None] = on_chain(lambda chain: chain.token_accounts(accounts))
    except ChainError as error:
        logger.warning("Holders not looked at: %s", error)
        return 0
    moved = [
        holding.id
        for holding, account in zip(holdings, shown, strict=True)
        if not holding.holder.is_shown_by(account, mint=holding.nft.mint_address)
    ]
    NftHolding.objects.filter(id__in=[holding.id for holding in holdings]).update(seen_at=now)
    NftHolding.objects.filter(id__in=moved, next_run_at__gt=now).update(next_run_at=now)
    for holding_id in moved:
        enqueue(jobs.FOLLOW_NFT, holding_id)
    return len(moved)


def _take_in_new(now: datetime) -> None:
    unknown = UserNft.objects.filter(status__in=MINTED, holding__isnull=True)
    new = unknown.exclude(user__wallet_address=None).select_related("issued_to")[: 10 * CHUNK]
    rows = [
        first_look(
            nft, holder=first_holder(nft.issued_to.wallet_address, nft.mint_address), now=now
        )
        for nft in new
        if nft.issued_to.wallet_address
    ]
    NftHolding.objects.bulk_create(rows, ignore_conflicts=True)


def _end_burned() -> None:
    burned = NftHolding.objects.filter(status=HoldingStatus.FOLLOWED, nft__status=NftStatus.BURNED)
    burned.update(status=HoldingStatus.ENDED, trouble="")


def follow_nft(*, holding_id: UUID, now: datetime) -> float | None:
    """Read where one NFT went since its cursor and record it; the seconds until the next look.

    None for no more. Any number of callers may run at once: one gets the claim.
    """
    token = NftHolding.objects.claim(holding_id, now=now)
    if token is None:
        return None
    holding = NftHolding.objects.select_related("nft").get(id=holding_id)
    pause: timedelta | None = PAUSE_WITHOUT_CHAIN
    try:
        pause = _look_and_record(holding, now)
    except ChainError as error:
        logger.warning("NFT %s not followed: %s", holding.nft_id, error)
    except Conflict:
        pause = poll_pause()  # somebody changed the NFT meanwhile: look again
    finally:
        rested = NftHolding.objects.release(
            holding_id,
            token=token,
            version=holding.version,
            next_run_at=now + pause if pause is not None else None,
        )
    if not rested:
        return 0.0
    return pause.total_seconds() if pause is not None else None


def _look_and_record(holding: NftHolding, now: datetime) -> timedelta | None:
    if holding.status == HoldingStatus.ENDED:
        return None
    question = question_of(holding)
    evidence = on_chain(lambda chain: gather_owner_evidence(chain, question))
    return apply_moves(holding=holding, evidence=evidence, now=now)


def question_of(holding: NftHolding) -> OwnerQuestion:
    """In trouble everything since the last change of hands is read again."""
    changes = OwnershipChange.objects.filter(nft=holding.nft_id)
    last = changes.values_list("slot", flat=True).first() or 0
    since = last if holding.trouble else max(0, holding.slot - SLOTS_READ_AGAIN)
    return OwnerQuestion(
        mint=holding.nft.mint_address,
        holder=holding.holder,
        since=since,
        applied=changes.signatures_since(since),
    )
