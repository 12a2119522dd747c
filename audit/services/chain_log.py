"""Every transaction on the chain that we made or relied on, out of the events that tell of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from audit.models import ChainTransaction
from audit.models import TransactionPurpose as P
from chain.signers import Signer
from events.events import to_the_millisecond
from events.models import Event
from nft.models import BurnTransaction

TOLD_BY = {"nft_minted": P.MINT, "nft_burned": P.BURN, "nft_transferred": P.TRANSFER}
FAILED = "transaction_failed"
FAILED_AS = {"mint": P.MINT, "burn": P.SPONSORED_FEE}  # no burn that proves anything


def note_transactions(events: Sequence[Event]) -> None:
    """In the caller's transaction; a transaction that is known already stays as it is."""
    told = [event for event in events if event.type in {*TOLD_BY, FAILED} and _signature(event)]
    if not told:
        return
    burns, people = _built_by_us(told), _people(told)
    rows = [row for event in told for row in _rows_of(event, burns, people)]
    ChainTransaction.objects.bulk_create(rows, ignore_conflicts=True)


def _rows_of(
    event: Event, burns: Mapping[str, BurnTransaction], people: Mapping[UUID, str]
) -> Iterator[ChainTransaction]:
    facts = _facts_of(event, people)
    if event.type == FAILED:
        yield ChainTransaction(
            purpose=FAILED_AS[event.data["purpose"]],
            signer=event.data["feePayer"],
            fee_lamports=event.data["gasUsed"],
            failed=True,
            **facts,
        )
        return
    purpose = TOLD_BY[event.type]
    burn = burns.get(_signature(event))
    if purpose == P.MINT:
        fee = event.data.get("gasUsed")
        yield ChainTransaction(purpose=purpose, signer=our_address(), fee_lamports=fee, **facts)
    elif purpose == P.TRANSFER:
        yield ChainTransaction(purpose=purpose, signer=event.data["fromWallet"], **facts)
    elif burn is None:
        wallet = people.get(event.user_id, "") if event.user_id else ""
        yield ChainTransaction(purpose=purpose, signer=wallet, **facts)
    else:
        yield ChainTransaction(purpose=purpose, signer=burn.fee_payer, **facts)
        if burn.sponsored_at is not None:
            fee = burn.fee_lamports
            yield ChainTransaction(
                purpose=P.SPONSORED_FEE, signer=burn.fee_payer, fee_lamports=fee, **facts
            )


def _facts_of(event: Event, people: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "signature": _signature(event),
        "object": event.data["mintAddress"],
        "request_id": event.data.get("upgradeRequestId") or event.data["nftId"],
        "user_id": _whose(event, people),
        "correlation_id": event.correlation_id,
        "at": to_the_millisecond(event.created_at),
    }


def _signature(event: Event) -> str:
    return event.data.get("transactionSignature") or ""


def our_address() -> str:
    authority: Signer = settings.MINT_AUTHORITY
    return str(authority.pubkey())


def _built_by_us(events: Sequence[Event]) -> dict[str, BurnTransaction]:
    """By signature; a burn that a member sent by their own means is not among them."""
    signatures = [_signature(event) for event in events if event.type == "nft_burned"]
    return {
        burn.signature: burn for burn in BurnTransaction.objects.filter(signature__in=signatures)
    }


def _people(events: Sequence[Event]) -> dict[UUID, str]:
    """Wallets by user: of those who burned, and of those who gave away."""
    burners = {event.user_id for event in events if event.user_id and event.type == "nft_burned"}
    givers = {event.data["fromWallet"] for event in events if event.type == "nft_transferred"}
    found = User.objects.filter(Q(id__in=burners) | Q(wallet_address__in=givers))
    return {user_id: wallet or "" for user_id, wallet in found.values_list("id", "wallet_address")}


def _whose(event: Event, people: Mapping[UUID, str]) -> UUID | None:
    """Giver and taker are told of a transfer, and Kafka may bring either first: the giver's."""
    if event.type != "nft_transferred":
        return event.user_id
    givers = (who for who, wallet in people.items() if wallet == event.data["fromWallet"])
    return next(givers, event.user_id)
