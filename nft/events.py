"""The facts that this app publishes; payloads as in DESIGN §5, schemas in `events/schemas/`."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from events.events import DomainEvent


def error_of(code: str, message: str) -> dict[str, str]:
    return {"error_code": code, "message": message}


@dataclass(frozen=True, kw_only=True)
class UpgradeInitiated(DomainEvent):
    event_type: ClassVar[str] = "upgrade_initiated"
    upgrade_request_id: UUID
    current_nft_id: UUID
    current_level: int
    target_level: int
    expires_at: datetime

    def message(self) -> str:
        return f"Your upgrade to level {self.target_level} has started. Burn the old NFT next."


@dataclass(frozen=True, kw_only=True)
class NftBurned(DomainEvent):
    event_type: ClassVar[str] = "nft_burned"
    nft_id: UUID
    mint_address: str
    transaction_signature: str
    burned_at: datetime
    upgrade_request_id: UUID | None

    def message(self) -> str:
        return "Your old NFT was burned." if self.upgrade_request_id else "Your NFT was burned."


@dataclass(frozen=True, kw_only=True)
class NftTransferred(DomainEvent):
    """Told to the member who gave it and to the one who got it: one event each."""

    event_type: ClassVar[str] = "nft_transferred"
    nft_id: UUID
    mint_address: str
    from_wallet: str
    to_wallet: str
    transaction_signature: str

    def message(self) -> str:
        return f"An NFT moved from wallet {self.from_wallet[:6]}… to {self.to_wallet[:6]}…."


@dataclass(frozen=True, kw_only=True)
class BurnConfirmed(DomainEvent):
    event_type: ClassVar[str] = "burn_confirmed"
    upgrade_request_id: UUID
    transaction_signature: str
    slot: int

    def message(self) -> str:
        return "The burn is proven on chain. Your new NFT is being minted."


@dataclass(frozen=True, kw_only=True)
class BurnRejected(DomainEvent):
    event_type: ClassVar[str] = "burn_rejected"
    upgrade_request_id: UUID
    transaction_signature: str
    error: dict[str, str]

    def message(self) -> str:
        return f"This burn was not accepted: {self.error['message']}"[:300]


@dataclass(frozen=True, kw_only=True)
class MintFailedRetryable(DomainEvent):
    event_type: ClassVar[str] = "mint_failed_retryable"
    upgrade_request_id: UUID
    attempt: int
    next_attempt_at: datetime
    error: dict[str, str]

    def message(self) -> str:
        return "Minting did not work yet. We keep trying on our own; you lose nothing."


@dataclass(frozen=True, kw_only=True)
class NftMinted(DomainEvent):
    """`gas_used` is the transaction's fee in lamports."""

    event_type: ClassVar[str] = "nft_minted"
    nft_id: UUID
    mint_address: str
    transaction_signature: str
    metadata_uri: str
    gas_used: int
    upgrade_request_id: UUID | None

    def message(self) -> str:
        return f"NFT {self.mint_address} was minted."


@dataclass(frozen=True, kw_only=True)
class TransactionFailed(DomainEvent):
    """`purpose` is mint or burn; `gas_used` is the fee in lamports, which `fee_payer` lost."""

    event_type: ClassVar[str] = "transaction_failed"
    purpose: str
    transaction_signature: str
    mint_address: str
    fee_payer: str
    gas_used: int
    nft_id: UUID | None
    upgrade_request_id: UUID | None

    def message(self) -> str:
        return f"A {self.purpose} failed on chain and cost {self.gas_used} lamports."


@dataclass(frozen=True, kw_only=True)
class NftUpgraded(DomainEvent):
    event_type: ClassVar[str] = "nft_upgraded"
    upgrade_request_id: UUID
    old_nft: dict[str, Any]
    new_nft: dict[str, Any]
    consumed_badges: list[str]

    def message(self) -> str:
        return f"Your {self.old_nft['tierName']} NFT became {self.new_nft['tierName']}."


@dataclass(frozen=True, kw_only=True)
class UpgradeCompleted(DomainEvent):
    event_type: ClassVar[str] = "upgrade_completed"
    upgrade_request_id: UUID
    new_nft_id: UUID
    mint_address: str
    transaction_signature: str
    level: int
    duration_ms: int

    def message(self) -> str:
        return f"Upgrade complete: you are at level {self.level}."


@dataclass(frozen=True, kw_only=True)
class UpgradeCancelled(DomainEvent):
    event_type: ClassVar[str] = "upgrade_cancelled"
    upgrade_request_id: UUID
    reason: str

    def message(self) -> str:
        return "Your upgrade was cancelled. Its badges are free again."


@dataclass(frozen=True, kw_only=True)
class UpgradeExpired(DomainEvent):
    event_type: ClassVar[str] = "upgrade_expired"
    upgrade_request_id: UUID
    reason: str

    def message(self) -> str:
        return "Your upgrade expired. Your NFT and badges are free again."


@dataclass(frozen=True, kw_only=True)
class UpgradeNeedsReview(DomainEvent):
    event_type: ClassVar[str] = "upgrade_needs_review"
    upgrade_request_id: UUID
    reason: str

    def message(self) -> str:
        return "Your NFT is burned, but the burn is not proven yet. Our team looks at it."


@dataclass(frozen=True, kw_only=True)
class NftUnlocked(DomainEvent):
    event_type: ClassVar[str] = "nft_unlocked"
    nft_id: UUID
    tier_name: str
    tier_id: int
    mint_address: str
    image_url: str
    benefits: dict[str, Any]

    def message(self) -> str:
        return f"You unlocked your {self.tier_name} NFT."


@dataclass(frozen=True, kw_only=True)
class NftUnlockFailed(DomainEvent):
    event_type: ClassVar[str] = "nft_unlock_failed"
    tier_id: int
    error: dict[str, str]

    def message(self) -> str:
        return "Minting your first NFT did not work yet. We keep trying on our own."


@dataclass(frozen=True, kw_only=True)
class NftUnlockOrdered(DomainEvent):
    """The first NFT takes its member's place from now on, before it is minted; for services."""

    event_type: ClassVar[str] = "nft_unlock_ordered"
    nft_id: UUID
    tier_id: int

    def message(self) -> str:
        return f"The first NFT, of level {self.tier_id}, was ordered."


@dataclass(frozen=True, kw_only=True)
class TierQualificationChanged(DomainEvent):
    """Volume in US dollars, badges and `moved` since the last of these; see its schema."""

    event_type: ClassVar[str] = "tier_qualification_changed"
    previous_qualifications: list[int]
    current_qualifications: list[int]
    volume_change: Decimal
    badge_changes: dict[str, list[str]]
    moved: list[str]

    def message(self) -> str:
        if not self.current_qualifications:
            return "No further level is open to you right now."
        levels = ", ".join(str(level) for level in self.current_qualifications)
        return f"You qualify for level {levels}."


@dataclass(frozen=True, kw_only=True)
class UpgradeStatusChanged(DomainEvent):
    """Every transition, for services only; what the member hears has types of its own."""

    event_type: ClassVar[str] = "upgrade_status_changed"
    upgrade_request_id: UUID
    from_status: str
    to_status: str
    reason: str

    def message(self) -> str:
        return f"Upgrade {self.upgrade_request_id}: {self.from_status} to {self.to_status}."


@dataclass(frozen=True, kw_only=True)
class AuthorityBalanceLow(DomainEvent):
    event_type: ClassVar[str] = "authority_balance_low"
    balance_lamports: int
    threshold_lamports: int

    def message(self) -> str:
        return f"The mint authority has {self.balance_lamports} lamports left: top it up."


@dataclass(frozen=True, kw_only=True)
class RequestStuck(DomainEvent):
    """An operator should look at this request. `aggregate_id` is the request."""

    event_type: ClassVar[str] = "request_stuck"
    upgrade_request_id: UUID
    status: str
    stuck_seconds: int
    reason: str

    def message(self) -> str:
        return f"Upgrade {self.upgrade_request_id} needs a look: {self.reason}"[:300]


@dataclass(frozen=True, kw_only=True)
class TierChanged(DomainEvent):
    """A tier is offered anew, edited, or taken off the offer; for services only."""

    event_type: ClassVar[str] = "tier_changed"
    tier_id: int
    tier_version: int

    def message(self) -> str:
        return f"Tier {self.tier_id} is offered as version {self.tier_version}."
