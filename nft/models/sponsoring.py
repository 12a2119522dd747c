"""What we spent on members' fees, by day: the whole, and each member's part."""

from datetime import date

from django.db import models
from django.db.models import F

EVERYBODY = "everybody"


class SponsorSpendingQuerySet(models.QuerySet["SponsorSpending"]):
    def has_room(self, *, day: date, scope: str, lamports: int, budget: int) -> bool:
        spent = self.filter(day=day, scope=scope).values_list("lamports", flat=True).first()
        return (spent or 0) + lamports <= budget

    def take(self, *, day: date, scope: str, lamports: int, budget: int) -> bool:
        """Count `lamports` if the day's budget has room for them: one conditional update, so
        that any number of callers never spend more."""
        row = SponsorSpending(day=day, scope=scope)
        SponsorSpending.objects.bulk_create([row], ignore_conflicts=True)
        mine = self.filter(day=day, scope=scope, lamports__lte=budget - lamports)
        return bool(mine.update(lamports=F("lamports") + lamports))


class SponsorSpending(models.Model):
    """`scope` is a member's id, or `everybody` for the sum; `day` in UTC."""

    day = models.DateField()
    scope = models.CharField(max_length=36)
    lamports = models.PositiveBigIntegerField(default=0)

    objects = SponsorSpendingQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "sponsor spending"
        constraints = [
            models.UniqueConstraint(fields=["day", "scope"], name="sponsor_spending_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.scope}: {self.lamports} lamports"
