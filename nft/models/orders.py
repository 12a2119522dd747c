"""A mint order: everything needed to mint one NFT exactly once.

The address is derived from the version of the secret and the nonce kept here, so that any
worker at any time arrives at the same mint, and the chain refuses a second one.
"""

import secrets
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from core.correlation import current_correlation_id
from core.errors import Conflict
from core.ids import uuid7
from nft.claims import UNCLAIMED, Claimable, ClaimQuerySet
from nft.versions import update_if_unchanged

NONCE_BYTES = 16


class Purpose(models.TextChoices):
    """The domain separator of the key derivation."""

    UPGRADE = "upgrade-mint:v1"
    UNLOCK = "unlock-mint:v1"


class OrderStatus(models.TextChoices):
    WAITING = "waiting"  # its burn is not proven yet
    MINTING = "minting"
    MINTED = "minted"


class MintOrderQuerySet(ClaimQuerySet["MintOrder"]):
    def unfinished(self) -> "MintOrderQuerySet":
        return self.filter(status=OrderStatus.MINTING)


class MintOrder(Claimable):
    """`request_id` is the upgrade request's id, or the NFT's own for an unlock.

    `signed_transaction` is persisted before it is sent; another is signed only when the
    finalized block height has passed `last_valid_block_height` and the mint does not exist.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    request_id = models.UUIDField()
    user_id = models.UUIDField()
    # Jobs go on under the id of the request that ordered it: messages may be lost, the row is not.
    correlation_id = models.CharField(max_length=64, default=current_correlation_id, editable=False)
    wallet_address = models.CharField(max_length=44)
    terms = models.JSONField(help_text="The tier as it was promised; see nft.terms")
    key_version = models.PositiveSmallIntegerField()
    nonce = models.BinaryField(max_length=NONCE_BYTES, editable=False)
    number = models.PositiveIntegerField(
        null=True, blank=True, help_text="Among those of its level; none before numbers began"
    )
    mint_address = models.CharField(max_length=44, unique=True)
    foreign_accounts = models.JSONField(default=list, blank=True)
    status = models.CharField(max_length=8, choices=OrderStatus.choices)
    signed_transaction = models.BinaryField(null=True, editable=False)
    signature = models.CharField(max_length=88, null=True, blank=True, unique=True)
    last_valid_block_height = models.PositiveBigIntegerField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    minted_at = models.DateTimeField(null=True, blank=True)

    objects = MintOrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=OrderStatus.values), name="order_status_is_known"
            ),
            models.UniqueConstraint(fields=["purpose", "request_id"], name="one_order_a_request"),
            models.CheckConstraint(
                condition=~Q(status="minted") | Q(minted_at__isnull=False, signature__isnull=False),
                name="order_minted_has_its_mint",
            ),
            models.CheckConstraint(
                condition=Q(signed_transaction__isnull=True)
                | Q(signature__isnull=False, last_valid_block_height__isnull=False),
                name="order_signed_has_its_window",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.request_id}"

    @staticmethod
    def new_nonce() -> bytes:
        """128 random bits, never shown, so that nobody can compute the address beforehand."""
        return secrets.token_bytes(NONCE_BYTES)

    def change(self, **changes: Any) -> None:
        """Raises Conflict when somebody else changed the order since it was read."""
        if self.status == OrderStatus.MINTED or not update_if_unchanged(self, **changes):
            raise Conflict("ORDER_CHANGED", "The mint order was changed by another worker.")

    def begin(self, *, now: datetime) -> None:
        self.change(status=OrderStatus.MINTING, started_at=now)

    def keep_signed(self, *, raw: bytes, signature: str, last_valid_block_height: int) -> None:
        self.change(
            signed_transaction=raw,
            signature=signature,
            last_valid_block_height=last_valid_block_height,
        )

    def move_to_nonce(self, *, nonce: bytes, mint_address: str, evidence: dict[str, Any]) -> None:
        """A foreign account occupies our address: record it and take another address."""
        self.change(
            nonce=nonce,
            mint_address=mint_address,
            foreign_accounts=[*self.foreign_accounts, evidence],
            signed_transaction=None,
            signature=None,
            last_valid_block_height=None,
        )

    def forget_signed(self) -> None:
        """Only after the proof that it can never land any more."""
        self.change(signed_transaction=None, signature=None, last_valid_block_height=None)

    def note_failure(self, *, code: str, message: str) -> None:
        self.change(attempt=self.attempt + 1, error_code=code, error_message=message[:300])

    def hurry(self, *, now: datetime) -> None:
        """The member's retry only moves the next attempt forward.

        One that is due or being made is left alone: retries without pause would put it off, or
        be a conflict for it, again and again.
        """
        is_resting = self.next_run_at is not None and self.next_run_at > now
        if is_resting and not self.is_claimed(now=now):
            self.change(next_run_at=now)

    def record_mint(self, *, signature: str, now: datetime) -> None:
        self.change(
            status=OrderStatus.MINTED,
            signature=signature,
            minted_at=now,
            error_code="",
            error_message="",
            **UNCLAIMED,
        )
