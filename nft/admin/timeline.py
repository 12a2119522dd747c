"""What happened to one upgrade, in the order of time, with links to the chain."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from nft.models import UpgradeRequest


@dataclass(frozen=True)
class Step:
    """`link` is empty where no explorer is known, as on a localnet."""

    at: datetime | None
    what: str
    detail: str = ""
    chain_id: str = ""
    link: str = ""


def timeline_of(request: UpgradeRequest) -> list[Step]:
    """Oldest first; what has no time yet comes last."""
    steps = [*_statuses(request), *_burns(request), *_reviews(request), *_mint(request)]
    return sorted(steps, key=lambda step: (step.at is None, step.at or request.created_at))


def explorer_link(kind: str, identifier: str) -> str:
    """`kind` is tx or address."""
    pattern: str = getattr(settings, "EXPLORER_URL", "")  # empty: none for this cluster
    return pattern.format(kind=kind, id=identifier)


def _statuses(request: UpgradeRequest) -> list[Step]:
    return [
        Step(row.at, row.to_status.replace("_", " "), row.reason)
        for row in request.history.order_by("id")
    ]


def _burns(request: UpgradeRequest) -> list[Step]:
    issued = request.burn_transactions.order_by("created_at")
    steps = [
        _on_chain(row.created_at, "burn transaction handed out", row.signature or "")
        for row in issued
    ]
    if request.burn_signature:
        proven = request.history.filter(to_status="minting").order_by("id").first()
        slot = f"slot {request.burn_slot}"
        at = proven.at if proven else None
        steps.append(_on_chain(at, "burn proven", request.burn_signature, slot))
    return steps


def _reviews(request: UpgradeRequest) -> list[Step]:
    return [
        _on_chain(row.decided_at, f"review: {row.verdict}", row.signature, f"{row.outcome}: {row}")
        for row in request.reviews.order_by("id")
    ]


def _mint(request: UpgradeRequest) -> list[Step]:
    order, nft = request.order, request.new_nft
    if not order.signature:
        return []
    at = nft.minted_at if nft else None
    what = "mint final" if nft else "mint sent"
    mint = explorer_link("address", order.mint_address)
    return [
        _on_chain(at, what, order.signature, f"attempt {order.attempt}"),
        Step(at, "mint address", "", order.mint_address, mint),
    ]


def _on_chain(at: datetime | None, what: str, signature: str, detail: str = "") -> Step:
    link = explorer_link("tx", signature) if signature else ""
    return Step(at, what, detail, signature, link)
