"""What must be true of a row and the chain together: pure rules, each with a name.

The chain goes first and the rows follow within seconds, so what they have not noticed yet
counts only once it is late (`STUCK_AFTER`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from chain.mints import MintVerdict
from chain.records import ForeignAccount, MintAccount
from nft.models import CLOSED, NftStatus, OrderStatus, UpgradeRequest, UpgradeStatus, UserNft
from nft.models.upgrade_states import WATCHED

S = UpgradeStatus


@dataclass(frozen=True)
class Disagreement:
    """`code` is stable; `row_id` is the id of an NFT or of an upgrade request."""

    code: str
    row_id: UUID
    message: str

    def __str__(self) -> str:
        return f"{self.code} {self.row_id}: {self.message}"


@dataclass(frozen=True)
class NftFacts:
    verdict: MintVerdict
    is_held: bool


def examine_nft(nft: UserNft, facts: NftFacts, *, now: datetime) -> Iterator[Disagreement]:
    problem = _nft_problem(NftStatus(nft.status), facts, is_late=_late(nft.created_at, now))
    if problem is not None:
        code, message = problem
        yield Disagreement(code, nft.id, f"{message} Mint {nft.mint_address}.")


def _nft_problem(status: NftStatus, facts: NftFacts, *, is_late: bool) -> tuple[str, str] | None:
    verdict = facts.verdict
    if verdict is MintVerdict.FOREIGN:
        return "MINT_FOREIGN", f"The NFT is {status}; what stands at its address is not ours."
    match status:
        case NftStatus.MINTING:
            return _minting_problem(verdict, is_late)
        case NftStatus.BURNED if verdict is not MintVerdict.OURS_BURNED:
            return "BURNED_BUT_ALIVE", f"The NFT is burned; on chain it is {verdict.value}."
        case NftStatus.ACTIVE | NftStatus.UPGRADING | NftStatus.TRANSFERRED if (
            verdict is MintVerdict.ABSENT
        ):
            return "MINT_MISSING", f"The NFT is {status}; on chain there is none."
        case NftStatus.ACTIVE | NftStatus.TRANSFERRED if verdict is MintVerdict.OURS_BURNED:
            return "BURNED_ON_CHAIN", f"The NFT is {status}; on chain it is burned."
        case NftStatus.ACTIVE | NftStatus.UPGRADING if (
            verdict is MintVerdict.OURS_LIVE and not facts.is_held
        ):
            return "NOT_IN_WALLET", f"The NFT is {status}; its member's wallet does not hold it."
    return None


def _minting_problem(verdict: MintVerdict, is_late: bool) -> tuple[str, str] | None:
    if verdict is MintVerdict.ABSENT or not is_late:
        return None
    return "MINT_NOT_RECORDED", "The NFT is on chain; its row still says minting."


def examine_upgrade(
    request: UpgradeRequest,
    *,
    old: MintAccount | ForeignAccount | None,
    new: MintVerdict,
    now: datetime,
) -> Iterator[Disagreement]:
    """`old` stands at the burned NFT's address, `new` at the one that was ordered."""
    is_burned = isinstance(old, MintAccount) and old.supply == 0
    status = S(request.status)
    for code, message in (
        *_proof_problems(request, status, is_burned),
        *_mint_problems(request, status, new),
        *_waiting_problems(request, status, is_burned, now),
    ):
        yield Disagreement(code, request.id, message)


def _proof_problems(
    request: UpgradeRequest, status: UpgradeStatus, is_burned: bool
) -> Iterator[tuple[str, str]]:
    if status in (S.MINTING, S.MINT_FAILED, S.COMPLETED):
        if not is_burned:
            yield (
                "PROVEN_BUT_ALIVE",
                f"The upgrade is {status}; its old NFT is not burned on chain.",
            )
        if request.current_nft.status != NftStatus.BURNED:
            row = request.current_nft.status
            yield "PROVEN_BUT_NOT_RECORDED", f"The upgrade is {status}; its old NFT's row is {row}."
    elif status == S.NEEDS_REVIEW and not is_burned:
        yield "REVIEW_BUT_ALIVE", "The upgrade is in review; its NFT is not burned on chain."


def _mint_problems(
    request: UpgradeRequest, status: UpgradeStatus, new: MintVerdict
) -> Iterator[tuple[str, str]]:
    minted, order = new in (MintVerdict.OURS_LIVE, MintVerdict.OURS_BURNED), request.order
    if status == S.COMPLETED and not minted:
        yield "COMPLETED_BUT_NOT_MINTED", f"Its new NFT {order.mint_address} is {new.value}."
    if minted and status not in (S.MINTING, S.MINT_FAILED, S.COMPLETED):
        yield "MINTED_TOO_EARLY", f"The upgrade is {status}; its new NFT is on chain."
    expected = {S.MINTING: "minting", S.MINT_FAILED: "minting", S.COMPLETED: "minted"}
    if order.status != expected.get(status, OrderStatus.WAITING):
        yield "ORDER_OUT_OF_STEP", f"The upgrade is {status}; its order is {order.status}."


def _waiting_problems(
    request: UpgradeRequest, status: UpgradeStatus, is_burned: bool, now: datetime
) -> Iterator[tuple[str, str]]:
    started, ended = _late(request.created_at, now), _late(request.closed_at or now, now)
    row = request.current_nft.status
    if not is_burned:
        return
    if status in WATCHED and request.burn_seen_at is None and started:
        yield "BURN_NOT_NOTICED", f"The upgrade is {status}; its NFT is burned on chain."
    elif status in CLOSED and row != NftStatus.BURNED and ended:
        yield "BURN_WITHOUT_UPGRADE", f"The upgrade is {status}, the NFT's row {row}; it is gone."


def _late(since: datetime, now: datetime) -> bool:
    return since <= now - settings.STUCK_AFTER
