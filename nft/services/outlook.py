"""What an upgrade waits for, when it is tried next, and what an operator can do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nft.models import UpgradeRequest, UpgradeStatus

S = UpgradeStatus


@dataclass(frozen=True)
class Outlook:
    """`next_attempt_at` is None only for what has ended; a time that is past means: now."""

    next_attempt_at: datetime | None
    reason: str
    advice: str = ""


def outlook_of(request: UpgradeRequest, *, now: datetime) -> Outlook:
    """Needs `request.order`."""
    tell, advice = _STORIES[UpgradeStatus(request.status)]
    if request.status in (S.COMPLETED, S.CANCELLED, S.EXPIRED):
        return Outlook(None, tell(request))
    # Rows without a time are due at once.
    mints = request.status in (S.MINTING, S.MINT_FAILED)
    rest = request.order.next_run_at if mints else request.next_run_at
    return Outlook(max(rest or now, now), tell(request), advice)


def _awaiting(request: UpgradeRequest) -> str:
    if request.burn_seen_at is not None:
        return _SEEN
    return f"Waits for the member to burn the NFT, until {request.expires_at:%Y-%m-%d %H:%M} UTC."


def _verifying(request: UpgradeRequest) -> str:
    if request.burn_seen_at is not None:
        return _SEEN
    return f"Waits until transaction {request.submitted_signature[:8]}… is final on chain."


def _closing(request: UpgradeRequest) -> str:
    wait = "waits until no burn that was issued for it can land any more."
    return f"Becomes {request.closing_as} ({request.closing_reason}); {wait}"


def _minting(request: UpgradeRequest) -> str:
    if request.order.error_code:
        return f"Minting is tried again after attempt {request.order.attempt}: {_failure(request)}"
    return "The burn is proven; the mint of the new NFT is on its way to finality."


def _mint_failed(request: UpgradeRequest) -> str:
    return f"{request.order.attempt} attempts to mint failed, the next is set: {_failure(request)}"


def _failure(request: UpgradeRequest) -> str:
    return f"{request.order.error_code}, {request.order.error_message}"


_SEEN = "The NFT is burned on chain; the transaction that proves by whom is looked for."
_WORK = "See that worker and beat run; “Look again now” tries at once."
_NODE = "See that the node answers, and shows history. " + _WORK
_MINT = "Look at the error: top up the authority, restore a secret or a key, or change the node."
_REVIEW = "Find the transaction that burned the NFT, and decide whether it counts."

_Story = tuple[Callable[[UpgradeRequest], str], str]
_STORIES: dict[UpgradeStatus, _Story] = {
    S.AWAITING_BURN: (_awaiting, _WORK),
    S.VERIFYING_BURN: (_verifying, _NODE),
    S.CLOSING: (_closing, _NODE),
    S.MINTING: (_minting, _MINT),
    S.MINT_FAILED: (_mint_failed, _MINT),
    S.NEEDS_REVIEW: (lambda request: request.error_message, _REVIEW),
    S.COMPLETED: (lambda _: "The new NFT is minted.", ""),
    S.CANCELLED: (lambda request: request.closing_reason, ""),
    S.EXPIRED: (lambda request: request.closing_reason, ""),
}
