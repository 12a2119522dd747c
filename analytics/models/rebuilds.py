"""What is kept about the read model itself."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Edition(models.Model):
    """Which making of the read model is live, in one row: Redis is believed for this one only."""

    number = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="edition_is_one_row")]

    def __str__(self) -> str:
        return str(self.number)


class Comparison(models.Model):
    """A table before and after a rebuild took its place, at the same event of the log."""

    at = models.DateTimeField(db_default=Now())
    table = models.CharField(max_length=64)
    live_rows = models.BigIntegerField()
    live_digest = models.CharField(max_length=64)
    built_rows = models.BigIntegerField()
    built_digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.table}: {'the same' if self.is_same else 'different'}"

    @property
    def is_same(self) -> bool:
        return (self.live_rows, self.live_digest) == (self.built_rows, self.built_digest)
