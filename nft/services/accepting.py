"""A burn is proven: from here the only end is the new NFT."""

from datetime import UTC, datetime

from django.db import transaction

from chain.records import BurnProof
from core.jobs import enqueue
from events.services import publish
from nft import jobs
from nft.events import BurnConfirmed, NftBurned
from nft.models import CLOSED, NftStatus, TierSupply, UpgradeRequest, UpgradeStatus, UserNft
from nft.models.upgrade_states import AFTER_PROOF
from nft.services.failed_transactions import tell_failed_burn


@transaction.atomic(durable=True)
def accept_burn(*, request: UpgradeRequest, proof: BurnProof, failed: str, now: datetime) -> None:
    """Take the request that the burn belongs to into minting, with its NFT and events.

    `failed` is the signature of another that landed with an error, or empty.
    `UpgradeQuerySet.for_burn` says which. An open request that loses its NFT to a burn for
    another one is closed.
    """
    take_burn(request=request, proof=proof, now=now)
    if failed:
        tell_failed_burn(request=request, signature=failed)


def take_burn(
    *, request: UpgradeRequest, proof: BurnProof, now: datetime, reason: str = ""
) -> None:
    """The same in the caller's transaction; `reason` is for the history, where a person decided."""
    nft = UserNft.objects.select_for_update().get(id=request.current_nft_id)
    hinted = request.id if request.submitted_signature == proof.signature else None
    owner = UpgradeRequest.objects.for_burn(
        nft_id=nft.id, wallet=proof.wallet, memo_ids=proof.request_ids, hinted_id=hinted
    )
    if owner is None:
        return _record_stray_burn(request, nft, proof, now)
    if owner.status not in AFTER_PROOF:
        _begin_minting(owner, nft, proof, now, reason)
    _close_others(nft, owner, now)
    return None


def _begin_minting(
    owner: UpgradeRequest, nft: UserNft, proof: BurnProof, now: datetime, reason: str
) -> None:
    # Badges of a closed request were released: they are waived, not taken a second time.
    waived = []
    if owner.status in CLOSED:
        waived = list(owner.terms["badges"])
        TierSupply.objects.take_beyond(level=owner.target_level)
    owner.begin_minting(
        signature=proof.signature, slot=proof.slot, waived_badges=waived, now=now, reason=reason
    )
    record_burn(nft=nft, proof=proof, owner=owner, now=now)
    owner.order.begin(now=now)
    publish(
        BurnConfirmed(
            user_id=owner.user_id,
            upgrade_request_id=owner.id,
            transaction_signature=proof.signature,
            slot=proof.slot,
        )
    )
    enqueue(jobs.MINT, owner.order_id)


def _close_others(nft: UserNft, owner: UpgradeRequest, now: datetime) -> None:
    others = UpgradeRequest.objects.open().filter(current_nft=nft).exclude(id=owner.id)
    for other in others.exclude(status=UpgradeStatus.CLOSING).select_for_update():
        reason = f"The NFT was burned for upgrade {owner.id}."
        other.begin_closing(end=UpgradeStatus.CANCELLED, reason=reason, now=now)
        enqueue(jobs.CHECK_BURN, other.id)


def _record_stray_burn(
    request: UpgradeRequest, nft: UserNft, proof: BurnProof, now: datetime
) -> None:
    """A burn after every request was closed, named by no memo and no hint: for no upgrade.

    The NFT is gone all the same. A hint that comes later still finds its request.
    """
    record_burn(nft=nft, proof=proof, owner=None, now=now)
    request.stop_watching(submitted_signature="")


def record_burn(
    *, nft: UserNft, proof: BurnProof, owner: UpgradeRequest | None, now: datetime
) -> None:
    """In the caller's transaction: the NFT is gone, for `owner` or for no upgrade."""
    if nft.status == NftStatus.BURNED:
        return  # told before
    burned_at = datetime.fromtimestamp(proof.block_time, tz=UTC) if proof.block_time else now
    nft.record_burn(signature=proof.signature, burned_at=burned_at)
    publish(
        NftBurned(
            user_id=nft.user_id,
            nft_id=nft.id,
            mint_address=nft.mint_address,
            transaction_signature=proof.signature,
            burned_at=burned_at,
            upgrade_request_id=owner.id if owner else None,
        )
    )
