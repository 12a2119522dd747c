"""What happened to one member, one NFT, or under one correlation id, in one list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db.models import Q

from audit.models import Anchor, AnchorStatus, ChainTransaction, Checkpoint, Record
from core.errors import InvalidInput
from nft.models import UpgradeStatusHistory, UserNft

LIMIT = 1000
KINDS = ("correlation", "nft", "user")


@dataclass(frozen=True)
class Entry:
    """`kind` is record, transaction or history; `proof` says what proves a record."""

    at: datetime
    kind: str
    what: str
    object: str
    actor: str
    before: str
    after: str
    origin: str
    reason: str
    correlation: str
    index: int | None = None
    proof: str = ""


def timeline(*, kind: str, value: str) -> list[Entry]:
    """Oldest first, LIMIT entries at most. Raises InvalidInput for an unknown kind or no id."""
    if kind not in KINDS or not value:
        raise InvalidInput("TIMELINE_OF_WHAT", "Ask for a correlation id, an NFT or a user.")
    wanted, requests = _wanted(kind, value)
    records = list(Record.objects.filter(wanted)[:LIMIT])
    correlations = {row.correlation for row in records if row.correlation}
    if kind == "correlation":
        requests |= _upgrades_in(records)
    entries = [*_records(records), *_transactions(kind, value, requests, correlations)]
    entries += _history(requests)
    return sorted(entries, key=lambda entry: (entry.at, entry.index is None, entry.index or 0))


def _wanted(kind: str, value: str) -> tuple[Q, set[UUID]]:
    """The records, and the upgrades that are part of the story from the outset."""
    if kind == "correlation":
        return Q(correlation=value), set()
    try:
        row_id = UUID(value)
    except ValueError:
        raise InvalidInput("NOT_AN_ID", "This is not an id.") from None
    if kind == "user":
        return Q(subject=row_id) | Q(actor=f"user:{row_id}"), set()
    nft = UserNft.objects.filter(id=row_id).first()
    upgrades = set(nft.upgrades.values_list("id", flat=True)) if nft is not None else set()
    objects = [f"user_nfts:{row_id}", *(f"upgrade_requests:{it}" for it in sorted(upgrades))]
    return Q(object__in=objects), upgrades


def _upgrades_in(records: Sequence[Record]) -> set[UUID]:
    parts = (row.object.partition(":") for row in records if row.object)
    return {UUID(key) for table, _, key in parts if table == "upgrade_requests"}


def _records(records: Sequence[Record]) -> Iterator[Entry]:
    checkpoints = list(Checkpoint.objects.values_list("size", flat=True))
    final = Anchor.objects.filter(status=AnchorStatus.FINALIZED)
    anchors = list(final.values_list("size", "signature"))
    for row in records:
        yield Entry(
            row.at, "record", row.what, row.object or "", row.actor or "", row.before or "",
            row.after or "", row.origin or "", row.reason or "", row.correlation or "",
            row.index, _proof(row.index, checkpoints, anchors),
        )  # fmt: skip


def _proof(index: int, checkpoints: list[int], anchors: list[tuple[int, str]]) -> str:
    """The first signed root that holds it, and the first that stands on the chain."""
    signed = next((size for size in checkpoints if size > index), None)
    anchored = next((signature for size, signature in anchors if size > index), None)
    if signed is None:
        return "not signed yet"
    return f"checkpoint {signed}" + (f", anchored by {anchored}" if anchored else "")


def _transactions(
    kind: str, value: str, requests: set[UUID], correlations: set[str]
) -> Iterator[Entry]:
    known = Q(request_id__in=requests) | Q(correlation_id__in=correlations)
    if kind == "user":
        known = Q(user_id=value)
    if kind == "nft":
        known = Q(request_id__in=[*requests, value])
    for row in islice(ChainTransaction.objects.filter(known).order_by("at"), LIMIT):
        fee = "" if row.fee_lamports is None else f"fee {row.fee_lamports} lamports"
        yield Entry(
            row.at, "transaction", f"chain.{row.purpose}", row.object, row.signer, "",
            row.signature, "Solana", fee, row.correlation_id,
        )  # fmt: skip


def _history(requests: set[UUID]) -> Iterator[Entry]:
    for row in UpgradeStatusHistory.objects.filter(request_id__in=requests).order_by("at")[:LIMIT]:
        yield Entry(
            row.at, "history", "upgrade_status_history", f"upgrade_requests:{row.request_id}",
            "", row.from_status, row.to_status, "", row.reason, "",
        )  # fmt: skip
