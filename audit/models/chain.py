"""Transactions on the chain: those that anchor our checkpoints, and all that we made or rely on."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import Q

CLAIM = timedelta(seconds=30)  # longer than one look at the chain


class AnchorStatus(models.TextChoices):
    WAITING = "waiting"
    FINALIZED = "finalized"


class AnchorQuerySet(models.QuerySet["Anchor"]):
    def unfinished(self) -> "AnchorQuerySet":
        return self.filter(status=AnchorStatus.WAITING).order_by("size")

    def claim(self, size: int, *, now: datetime) -> bool:
        """Whether it is ours to work on until CLAIM has passed."""
        free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
        mine = self.unfinished().order_by().filter(free, size=size)
        return bool(mine.update(claimed_until=now + CLAIM))


class Anchor(models.Model):
    """A checkpoint on its way to the chain.

    `signed_transaction` is kept before it is sent. Another is signed only when it can land no
    more; should both land after all, the root stands on the chain twice, which harms nobody.
    """

    size = models.BigIntegerField(primary_key=True)
    memo = models.CharField(max_length=300)
    status = models.CharField(
        max_length=9, choices=AnchorStatus.choices, default=AnchorStatus.WAITING
    )
    signed_transaction = models.BinaryField(null=True, editable=False)
    signature = models.CharField(max_length=88, blank=True)
    last_valid_block_height = models.PositiveBigIntegerField(null=True, blank=True)
    slot = models.PositiveBigIntegerField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    finalized_at = models.DateTimeField(null=True, blank=True)

    objects = AnchorQuerySet.as_manager()

    class Meta:
        ordering = ["size"]
        indexes = [
            # So that the next one is found past any number of those that wait for the chain.
            models.Index(
                fields=["size"], name="anchor_on_the_chain", condition=Q(status="finalized")
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="waiting")
                | Q(status="finalized", slot__isnull=False, signed_transaction__isnull=False),
                name="anchor_finalized_has_its_slot",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.size} {self.status}"


class TransactionPurpose(models.TextChoices):
    MINT = "mint"
    BURN = "burn"  # a member's, relied on as proof
    TRANSFER = "transfer"  # a member's, relied on as ownership
    SPONSORED_FEE = "sponsored_fee"  # a member's burn whose fee we paid
    ANCHOR = "anchor"


WE_PAID = (
    TransactionPurpose.MINT, TransactionPurpose.SPONSORED_FEE, TransactionPurpose.ANCHOR,
)  # fmt: skip


class ChainTransactionQuerySet(models.QuerySet["ChainTransaction"]):
    def between(self, since: datetime, until: datetime) -> "ChainTransactionQuerySet":
        """`until` is not included."""
        return self.filter(at__gte=since, at__lt=until).order_by("at", "id")

    def forget(self, user_id: UUID) -> None:
        """The person goes. A signer that is us stays: it names nobody, and the fee was ours."""
        theirs = self.filter(user_id=user_id)
        we_paid = self.filter(purpose__in=WE_PAID).values("signature")
        theirs.exclude(signature__in=we_paid).update(signer="")
        theirs.update(user_id=None)


class ChainTransaction(models.Model):
    """One transaction for one purpose. `fee_lamports` is null where others paid it.

    One that `failed` landed with an error: it did nothing but cost its fee, which was ours.

    `object` is the mint or, for an anchor, the checkpoint; `request_id` the upgrade or, for a
    first NFT, the NFT's own id.
    """

    purpose = models.CharField(max_length=13, choices=TransactionPurpose.choices)
    signature = models.CharField(max_length=88)
    object = models.CharField(max_length=64)
    signer = models.CharField(max_length=44, blank=True, help_text="Who paid the fee")
    fee_lamports = models.PositiveBigIntegerField(null=True, blank=True)
    failed = models.BooleanField(default=False, db_default=False)
    request_id = models.UUIDField(null=True, blank=True, db_index=True)
    user_id = models.UUIDField(null=True, blank=True, db_index=True)
    correlation_id = models.CharField(max_length=64, blank=True, db_index=True)
    at = models.DateTimeField(db_index=True)

    objects = ChainTransactionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "signature", "object"], name="transaction_once_a_purpose"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=TransactionPurpose.values),
                name="transaction_purpose_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.signature}"
