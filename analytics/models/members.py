"""What members did and have, as the log tells it."""

from uuid import UUID

from django.db import models
from django.db.models import F, Func, Q, Value


class MemberTotal(models.Model):
    """The sums of one member; `volume` in USD."""

    user_id = models.UUIDField(primary_key=True, editable=False)
    volume = models.DecimalField(max_digits=28, decimal_places=8)
    badges_earned = models.BigIntegerField()
    badges_activated = models.BigIntegerField()
    badges_consumed = models.BigIntegerField()
    badges_revoked = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "analytics_member_total"
        ordering = ["-last_at"]

    def __str__(self) -> str:
        return str(self.user_id)


class JourneyKind(models.TextChoices):
    UNLOCK = "unlock"  # `id` is the NFT's
    UPGRADE = "upgrade"  # `id` is the request's


class JourneyQuerySet(models.QuerySet["Journey"]):
    def upgrades_of(self, user_id: UUID) -> "JourneyQuerySet":
        return self.filter(user_id=user_id, kind=JourneyKind.UPGRADE)


class Journey(models.Model):
    """One way to an NFT, step by step. A request that was closed may still complete: a late burn.

    Every column is the earliest or largest that any event told, so the order of events is all one.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=8, choices=JourneyKind.choices)
    user_id = models.UUIDField()
    level = models.IntegerField(null=True)
    started_at = models.DateTimeField(null=True)
    burned_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    duration_ms = models.BigIntegerField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_as = models.CharField(max_length=24, null=True)  # noqa: DJ001 - as the largest of NULLs

    objects = JourneyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user_id"], name="journey_by_user"),
            models.Index(fields=["started_at"], name="journey_by_start"),
            models.Index(fields=["completed_at"], name="journey_by_end"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=JourneyKind.values), name="journey_kind_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Nft(models.Model):
    """An NFT's tier level and end. The level is unknown while only a later owner was heard of."""

    id = models.UUIDField(primary_key=True, editable=False)
    level = models.IntegerField(null=True)
    burned_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.id} of level {self.level}"


class HoldingQuerySet(models.QuerySet["Holding"]):
    def held(self) -> "HoldingQuerySet":
        """Without NFTs that are burned, or went to somebody else."""
        turns = Func(F("turns"), Value(2), function="mod", output_field=models.IntegerField())
        return self.alias(odd=turns).filter(odd=1).exclude(nft_id__in=_burned())


def _burned() -> models.QuerySet[Nft, UUID]:
    return Nft.objects.filter(burned_at__isnull=False).values_list("id", flat=True)


class Holding(models.Model):
    """How often an NFT came to or left a member: an odd number means that the member has it.

    A transfer is told to the giver and to the taker, one event each. `position` is the log's
    place of the last turn.
    """

    nft_id = models.UUIDField()
    user_id = models.UUIDField()
    turns = models.BigIntegerField()
    position = models.BigIntegerField()

    objects = HoldingQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user_id"], name="holding_by_user")]
        constraints = [models.UniqueConstraint(fields=["nft_id", "user_id"], name="holding_once")]

    def __str__(self) -> str:
        return f"{self.nft_id} of {self.user_id}"
