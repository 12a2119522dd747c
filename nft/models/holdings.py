"""Who holds an NFT on chain, as far as it was read, and every change of hands."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from chain.ownership import Holder
from core.errors import Conflict
from core.ids import uuid7
from nft.claims import Claimable, ClaimQuerySet
from nft.models.nfts import NftStatus, UserNft
from nft.versions import update_if_unchanged


class HoldingStatus(models.TextChoices):
    FOLLOWED = "followed"
    ENDED = "ended"  # burned: nothing can happen to it any more


class HoldingQuerySet(ClaimQuerySet["NftHolding"]):
    def followed(self) -> "HoldingQuerySet":
        """Not while an upgrade has the NFT: until it ends, its burn is the upgrade's to find."""
        followed = self.filter(status=HoldingStatus.FOLLOWED)
        return followed.exclude(nft__status=NftStatus.UPGRADING)


class NftHolding(Claimable):
    """`slot` is the cursor: all finalized transactions up to it were read and applied.

    `wallet` and `token_account` hold the NFT as of then. `trouble` says what an operator
    should know when history and state disagree for long; empty when all is well.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    nft = models.OneToOneField(UserNft, on_delete=models.PROTECT, related_name="holding")
    status = models.CharField(
        max_length=8, choices=HoldingStatus.choices, default=HoldingStatus.FOLLOWED
    )
    wallet = models.CharField(max_length=44, db_index=True)
    token_account = models.CharField(max_length=44)
    slot = models.PositiveBigIntegerField(default=0)
    trouble = models.CharField(max_length=200, blank=True)
    unsettled_since = models.DateTimeField(null=True, blank=True, editable=False)
    seen_at = models.DateTimeField(null=True, blank=True, db_index=True)

    objects = HoldingQuerySet.as_manager()

    class Meta:
        db_table = "nft_holdings"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=HoldingStatus.values), name="holding_status_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.nft_id} at {self.wallet}"

    @property
    def holder(self) -> Holder:
        return Holder(self.token_account, self.wallet)

    def change(self, **changes: Any) -> None:
        """Raises Conflict when another worker changed the row since it was read."""
        if not update_if_unchanged(self, **changes):
            raise Conflict("HOLDING_CHANGED", "The holding was changed by another worker.")

    def move_to(self, holder: Holder) -> None:
        self.change(wallet=holder.wallet, token_account=holder.account)

    def end(self) -> None:
        self.change(status=HoldingStatus.ENDED, trouble="")


class OwnershipChangeQuerySet(models.QuerySet["OwnershipChange"]):
    def signatures_since(self, slot: int) -> frozenset[str]:
        return frozenset(self.filter(slot__gte=slot).values_list("signature", flat=True))


class OwnershipChange(models.Model):
    """One finalized transaction that moved an NFT, applied once. `to_wallet` is empty for a burn."""

    nft = models.ForeignKey(UserNft, on_delete=models.PROTECT, related_name="changes_of_hands")
    signature = models.CharField(max_length=88)
    slot = models.PositiveBigIntegerField()
    from_wallet = models.CharField(max_length=44)
    to_wallet = models.CharField(max_length=44, blank=True)
    at = models.DateTimeField()

    objects = OwnershipChangeQuerySet.as_manager()

    class Meta:
        db_table = "nft_ownership_changes"
        ordering = ["-slot", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["nft", "signature"], name="change_of_hands_once")
        ]

    def __str__(self) -> str:
        return f"{self.from_wallet} → {self.to_wallet or 'burned'}"


def first_look(nft: UserNft, *, holder: Holder, now: datetime) -> NftHolding:
    """The row by which an NFT is followed from its mint on; not saved."""
    return NftHolding(nft=nft, wallet=holder.wallet, token_account=holder.account, next_run_at=now)
