"""The one transition table of an upgrade (docs/architecture.md has the picture)."""

from django.db import models


class UpgradeStatus(models.TextChoices):
    AWAITING_BURN = "awaiting_burn"
    VERIFYING_BURN = "verifying_burn"
    MINTING = "minting"
    MINT_FAILED = "mint_failed"  # a round of attempts failed; another follows by itself
    CLOSING = "closing"  # ends once no issued burn can land any more
    NEEDS_REVIEW = "needs_review"  # burned, but the proof cannot be had
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


S = UpgradeStatus

TRANSITIONS: dict[UpgradeStatus, set[UpgradeStatus]] = {
    S.AWAITING_BURN: {S.VERIFYING_BURN, S.MINTING, S.CLOSING, S.NEEDS_REVIEW},
    S.VERIFYING_BURN: {S.AWAITING_BURN, S.MINTING, S.CLOSING, S.NEEDS_REVIEW},
    S.MINTING: {S.MINT_FAILED, S.COMPLETED},
    S.MINT_FAILED: {S.MINTING, S.COMPLETED},
    S.CLOSING: {S.CANCELLED, S.EXPIRED, S.MINTING, S.NEEDS_REVIEW},
    S.NEEDS_REVIEW: {S.MINTING, S.CLOSING},
    # A burn that names a closed request takes it back: whoever burned gets the new NFT.
    S.CANCELLED: {S.MINTING},
    S.EXPIRED: {S.MINTING},
    S.COMPLETED: set(),
}

OPEN = (
    S.AWAITING_BURN, S.VERIFYING_BURN, S.MINTING, S.MINT_FAILED, S.CLOSING, S.NEEDS_REVIEW,
)  # fmt: skip
CLOSED = (S.CANCELLED, S.EXPIRED)
WATCHED = (S.AWAITING_BURN, S.VERIFYING_BURN, S.CLOSING, S.NEEDS_REVIEW)
BEFORE_PROOF = (*WATCHED, *CLOSED)
AFTER_PROOF = (S.MINTING, S.MINT_FAILED, S.COMPLETED)
