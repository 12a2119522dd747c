"""What happened to one member, one NFT, or under one correlation id, in one list.

The log's records with their proofs, and what other tables know: transactions on the chain, steps
of upgrades, and what other services tell of the events (`core.stories`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db.models import Q

from audit.models import ChainTransaction, Record
from audit.services.covering import Cover, covers_of
from core.errors import InvalidInput
from core.stories import tell
from nft.models import UpgradeStatusHistory, UserNft

LIMIT = 1000
KINDS = ("correlation", "nft", "user")


@dataclass(frozen=True)
class Entry:
    """`kind` is record, transaction, history or service; `proof` says what proves a record.

    `link` is the page of what is no record, or empty.
    """

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
    link: str = ""


def timeline(*, kind: str, value: str) -> list[Entry]:
    """Oldest first, LIMIT of each kind at most. Raises InvalidInput for an unknown kind or no id."""
    wanted, requests = _wanted(kind, value)
    records = list(Record.objects.filter(wanted)[:LIMIT])
    correlations = {row.correlation for row in records if row.correlation}
    if kind == "correlation":
        requests |= _upgrades_in(records)
    entries = [*_records(records), *_transactions(kind, value, requests, correlations)]
    entries += [*_history(requests), *_services(records)]
    return sorted(entries, key=lambda entry: (entry.at, entry.index is None, entry.index or 0))


def records_of(*, kind: str, value: str) -> Q:
    """The records of the story, to export. Raises as `timeline`."""
    return _wanted(kind, value)[0]


def _wanted(kind: str, value: str) -> tuple[Q, set[UUID]]:
    """The records, and the upgrades that are part of the story from the outset."""
    if kind not in KINDS or not value:
        raise InvalidInput("TIMELINE_OF_WHAT", "Ask for a correlation id, an NFT or a user.")
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
    covers = covers_of(row.index + 1 for row in records)
    for row in records:
        yield Entry(
            row.at, "record", row.what, row.object or "", row.actor or "", row.before or "",
            row.after or "", row.origin or "", row.reason or "", row.correlation or "",
            row.index, _proof(covers[row.index + 1]),
        )  # fmt: skip


def _proof(cover: Cover) -> str:
    if cover.signed is None:
        return "not signed yet"
    anchored = f", anchored by {cover.signature}" if cover.signature else ""
    return f"checkpoint {cover.signed}{anchored}"


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
            row.signature, "Solana", f"{fee}, failed" if row.failed else fee, row.correlation_id,
        )  # fmt: skip


def _history(requests: set[UUID]) -> Iterator[Entry]:
    for row in UpgradeStatusHistory.objects.filter(request_id__in=requests).order_by("at")[:LIMIT]:
        yield Entry(
            row.at, "history", "upgrade_status_history", f"upgrade_requests:{row.request_id}",
            "", row.from_status, row.to_status, "", row.reason, "",
        )  # fmt: skip


def _services(records: Sequence[Record]) -> Iterator[Entry]:
    """What followed from the events: notifications and how they went out."""
    for it in tell({row.event for row in records if row.event is not None}):
        yield Entry(
            it.at, "service", it.what, it.object, "", "", it.after, "", it.reason,
            it.correlation, link=it.link,
        )  # fmt: skip
