"""Legal holds: what must not be erased, whoever asks and however old it is."""

from django.db import models
from django.db.models import Q


class HoldScope(models.TextChoices):
    USER = "user"
    OBJECT = "object"  # as `upgrade_requests:{id}`
    CORRELATION = "correlation"


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    def in_force(self) -> "LegalHoldQuerySet":
        return self.filter(released_at__isnull=True)


class LegalHold(models.Model):
    """`value` is the user's id, the object or the correlation id that is held."""

    scope = models.CharField(max_length=11, choices=HoldScope.choices)
    value = models.CharField(max_length=120)
    reason = models.CharField(max_length=300)
    placed_by = models.CharField(max_length=150)
    placed_at = models.DateTimeField()
    released_by = models.CharField(max_length=150, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope__in=HoldScope.values), name="hold_scope_is_known"
            ),
            models.UniqueConstraint(
                fields=["scope", "value"],
                condition=Q(released_at__isnull=True),
                name="one_hold_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.value}"
