"""How many NFTs of each level are given out: the one place where a supply cap is kept."""

from django.db import models
from django.db.models import F

from core.errors import Conflict


class TierSupplyQuerySet(models.QuerySet["TierSupply"]):
    def taken_of(self, level: int) -> int:
        return self.filter(level=level).values_list("taken", flat=True).first() or 0

    def take(self, *, level: int, cap: int | None) -> int:
        """Take a place; the number of the NFT that it is for.

        One conditional update, so that any number of callers never take more than `cap`; its
        row stays locked until the caller's transaction ends. Raises Conflict SOLD_OUT.
        """
        TierSupply.objects.bulk_create([TierSupply(level=level)], ignore_conflicts=True)
        row = self.filter(level=level)
        room = row if cap is None else row.filter(taken__lt=cap)
        if not room.update(taken=F("taken") + 1, last_number=F("last_number") + 1):
            raise sold_out(level, cap)
        return int(row.values_list("last_number", flat=True)[0])

    def give_back(self, *, level: int) -> None:
        """Nothing was made of a place; its number is not used again."""
        self.filter(level=level, taken__gt=0).update(taken=F("taken") - 1)

    def take_beyond(self, *, level: int) -> None:
        """For a burn that came after its request was closed: it is owed, cap or no cap."""
        self.filter(level=level).update(taken=F("taken") + 1)


class TierSupply(models.Model):
    """`taken`: NFTs of this level that are made or ordered, burned ones included.

    Beside the tier, because a form that saves a tier would write old counts over new ones.
    """

    level = models.PositiveSmallIntegerField(unique=True)
    taken = models.PositiveIntegerField(default=0)
    last_number = models.PositiveIntegerField(default=0)

    objects = TierSupplyQuerySet.as_manager()

    class Meta:
        db_table = "nft_tier_supply"
        verbose_name_plural = "tier supply"

    def __str__(self) -> str:
        return f"level {self.level}: {self.taken}"


def sold_out(level: int, cap: int | None) -> Conflict:
    return Conflict(
        "SOLD_OUT",
        f"All NFTs of level {level} are taken.",
        details={"level": level, "supplyCap": cap},
    )
