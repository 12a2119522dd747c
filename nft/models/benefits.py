"""What was used of the benefits that are counted by the week."""

from datetime import date
from uuid import UUID

from django.db import models
from django.db.models import F

from core.ids import uuid7


class BenefitUseQuerySet(models.QuerySet["BenefitUse"]):
    def used(self, *, subjects: list[UUID], week: date) -> dict[str, int]:
        """By name: the most that any of the subjects has used."""
        found: dict[str, int] = {}
        rows = self.filter(subject_id__in=subjects, week=week).values_list("name", "used")
        for name, used in rows:
            found[name] = max(used, found.get(name, 0))
        return found

    def take(self, *, subject: UUID, name: str, week: date, amount: int, limit: int) -> bool:
        """Count `amount` if the week has room for it: one conditional update, so that any
        number of callers never use more than `limit`."""
        row = BenefitUse(subject_id=subject, name=name, week=week)
        BenefitUse.objects.bulk_create([row], ignore_conflicts=True)
        mine = self.filter(subject_id=subject, name=name, week=week, used__lte=limit - amount)
        return bool(mine.update(used=F("used") + amount))


class BenefitUse(models.Model):
    """`subject_id` is a member's or an NFT's: each has its own count, and both must have room,
    so that neither a second NFT nor a second wallet doubles a week. `week` is its Monday."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject_id = models.UUIDField()
    name = models.CharField(max_length=64)
    week = models.DateField()
    used = models.PositiveIntegerField(default=0)

    objects = BenefitUseQuerySet.as_manager()

    class Meta:
        db_table = "nft_benefit_uses"
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id", "name", "week"], name="benefit_use_once_a_week"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.subject_id}, {self.week}: {self.used}"
