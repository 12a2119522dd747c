"""Every transaction on the chain that we made or relied on, out of the events that tell of it."""

from collections.abc import Iterator, Sequence

from django.conf import settings

from accounts.models import User
from audit.models import ChainTransaction
from audit.models import TransactionPurpose as P
from chain.signers import Signer
from events.models import Event
from nft.models import BurnTransaction

TOLD_BY = {"nft_minted": P.MINT, "nft_burned": P.BURN, "nft_transferred": P.TRANSFER}


def note_transactions(events: Sequence[Event]) -> None:
    """In the caller's transaction; a transaction that is known already stays as it is."""
    told = [event for event in events if event.type in TOLD_BY]
    if not told:
        return
    rows = [row for event in told for row in _rows_of(event)]
    ChainTransaction.objects.bulk_create(rows, ignore_conflicts=True)


def _rows_of(event: Event) -> Iterator[ChainTransaction]:
    purpose, signature = TOLD_BY[event.type], event.data.get("transactionSignature")
    if not signature:
        return
    facts = {
        "signature": signature,
        "object": event.data["mintAddress"],
        "request_id": event.data.get("upgradeRequestId") or event.data["nftId"],
        "user_id": event.user_id,
        "correlation_id": event.correlation_id,
        "at": event.created_at,
    }
    if purpose == P.MINT:
        fee = event.data.get("gasUsed")
        yield ChainTransaction(purpose=purpose, signer=our_address(), fee_lamports=fee, **facts)
        return
    burn = _built_by_us(signature) if purpose == P.BURN else None
    paid = burn is not None and burn.sponsored_at is not None
    signer = burn.fee_payer if burn is not None else _wallet(event)
    yield ChainTransaction(purpose=purpose, signer=signer, **facts)
    if burn is not None and paid:
        yield ChainTransaction(
            purpose=P.SPONSORED_FEE, signer=burn.fee_payer, fee_lamports=burn.fee_lamports, **facts
        )


def our_address() -> str:
    authority: Signer = settings.MINT_AUTHORITY
    return str(authority.pubkey())


def _built_by_us(signature: str) -> BurnTransaction | None:
    return BurnTransaction.objects.filter(signature=signature).first()


def _wallet(event: Event) -> str:
    """Whose signature moved it."""
    if event.type == "nft_transferred":
        return str(event.data["fromWallet"])
    wallets = User.objects.filter(id__in=[event.user_id]).values_list("wallet_address", flat=True)
    return wallets.first() or ""
