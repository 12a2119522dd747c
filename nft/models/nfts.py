"""The NFTs of members, as documented in the table `user_nfts`."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.errors import Conflict
from core.ids import uuid7
from nft.models.tiers import Tier
from nft.versions import update_if_unchanged


class NftStatus(models.TextChoices):
    MINTING = "minting"
    ACTIVE = "active"
    UPGRADING = "upgrading"
    BURNED = "burned"
    TRANSFERRED = "transferred"


class Origin(models.TextChoices):
    UNLOCK = "unlock"  # a member's first NFT
    UPGRADE = "upgrade"


# from → to; whatever is not here is refused.
TRANSITIONS = {
    NftStatus.MINTING: {NftStatus.ACTIVE},
    NftStatus.ACTIVE: {NftStatus.UPGRADING, NftStatus.BURNED, NftStatus.TRANSFERRED},
    NftStatus.UPGRADING: {NftStatus.ACTIVE, NftStatus.BURNED},
    # Held outside: it may come to a member, or be burned there.
    NftStatus.TRANSFERRED: {NftStatus.ACTIVE, NftStatus.BURNED},
}

HELD = (NftStatus.MINTING, NftStatus.ACTIVE, NftStatus.UPGRADING)


class UserNftQuerySet(models.QuerySet["UserNft"]):
    def of_user(self, user_id: Any) -> "UserNftQuerySet":
        return self.filter(user_id=user_id)

    def unlocked_by(self, user_id: Any) -> "UserNftQuerySet":
        """At most one: the first NFT, whoever holds it now."""
        return self.filter(issued_to_id=user_id, origin=Origin.UNLOCK)

    def highest_level(self) -> int | None:
        """Of those that are held, or will be once they are minted; None without any."""
        held = self.filter(status__in=HELD).order_by("-tier_level")
        return held.values_list("tier_level", flat=True).first()


class UserNft(models.Model):
    """One NFT. `mint_address` is known before the mint exists, because it is derived.

    `user` holds it on chain, or was the last member who did; it was made for `issued_to`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="nfts"
    )
    issued_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="issued_nfts"
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="nfts")
    tier_level = models.PositiveSmallIntegerField()
    tier_name = models.CharField(max_length=32)
    tier_version = models.PositiveIntegerField(default=1)
    benefits = models.JSONField()
    origin = models.CharField(max_length=8, choices=Origin.choices)
    status = models.CharField(max_length=12, choices=NftStatus.choices)
    mint_address = models.CharField(max_length=44, unique=True)
    transaction_signature = models.CharField(max_length=88, null=True, blank=True, unique=True)
    metadata_uri = models.CharField(max_length=200)
    image_url = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    minted_at = models.DateTimeField(null=True, blank=True)
    # When it came to its present member from another one; null for who it was minted for.
    held_since = models.DateTimeField(null=True, blank=True)
    burned_at = models.DateTimeField(null=True, blank=True)
    burn_signature = models.CharField(max_length=88, null=True, blank=True, db_index=True)  # noqa: DJ001 - no burn yet
    version = models.PositiveIntegerField(default=1)

    objects = UserNftQuerySet.as_manager()

    class Meta:
        db_table = "user_nfts"
        verbose_name = "NFT"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=NftStatus.values), name="nft_status_is_known"
            ),
            models.UniqueConstraint(
                fields=["issued_to"],
                condition=Q(origin="unlock"),
                name="nft_unlocked_once_for_life",
            ),
            models.CheckConstraint(
                condition=Q(status="minting") | Q(minted_at__isnull=False),
                name="nft_minted_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="burned")
                | Q(burned_at__isnull=False, burn_signature__isnull=False),
                name="nft_burned_has_its_burn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tier_name} {self.mint_address}"

    def move(self, to: NftStatus, **changes: Any) -> None:
        """Change the status, if nobody else changed the row since it was read.

        Raises Conflict otherwise, or when the step is not in the table.
        """
        if to not in TRANSITIONS.get(NftStatus(self.status), set()):
            raise Conflict("NFT_STATE", f"An NFT that is {self.status} cannot become {to}.")
        if not update_if_unchanged(self, status=to, **changes):
            raise Conflict("NFT_CHANGED", "The NFT was changed by someone else. Try again.")

    def reserve_for_upgrade(self) -> None:
        self.move(NftStatus.UPGRADING)

    def give_back(self) -> None:
        self.move(NftStatus.ACTIVE)

    def record_mint(self, *, signature: str, now: datetime) -> None:
        self.move(NftStatus.ACTIVE, transaction_signature=signature, minted_at=now)

    def record_burn(self, *, signature: str, burned_at: datetime) -> None:
        self.move(NftStatus.BURNED, burn_signature=signature, burned_at=burned_at)

    def hand_over(self, user: Any, *, since: datetime) -> None:
        """To the member whose wallet holds it now; the status is `active` afterwards."""
        changes = {"user": user, "held_since": since}
        if self.status == NftStatus.TRANSFERRED:
            self.move(NftStatus.ACTIVE, **changes)
        elif self.status != NftStatus.ACTIVE or not update_if_unchanged(self, **changes):
            raise Conflict("NFT_STATE", f"An NFT that is {self.status} cannot be handed over.")

    def leave(self) -> None:
        """It went to a wallet that is no member's."""
        self.move(NftStatus.TRANSFERRED)
