"""The log, to read. Nothing here can be saved: the database's functions add to it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q

from audit.leaves import FIELDS, SALT_BYTES, moment
from audit.merkle import Frontier


class Pending(models.Model):
    """A change that has no place in the log yet: written by triggers and handlers."""

    noted_at = models.DateTimeField()
    noted = models.JSONField()

    class Meta:
        managed = False
        db_table = '"audit"."pending"'
        verbose_name_plural = "pending"

    def __str__(self) -> str:
        return str(self.noted.get("what"))


class RecordQuerySet(models.QuerySet["Record"]):
    def of_user(self, user_id: UUID) -> "RecordQuerySet":
        """What concerned them, and what they did."""
        return self.filter(Q(subject=user_id) | Q(actor=f"user:{user_id}"))

    def of_object(self, name: str) -> "RecordQuerySet":
        """`table:key`."""
        return self.filter(object=name)

    def of_correlation(self, correlation: str) -> "RecordQuerySet":
        return self.filter(correlation=correlation)

    def events_among(self, ids: Iterable[str]) -> set[str]:
        """Which of these events have their record; one parameter, however many they are."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT event::text FROM audit.record WHERE event = ANY (%s::uuid[])", [list(ids)]
            )
            return {row[0] for row in cursor.fetchall()}


class Record(models.Model):
    """One change. Fields that were erased have neither value nor salt.

    `before` and `after` are canonical JSON text, so that they can be hashed as they are.
    """

    index = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    source = models.TextField()
    what = models.TextField()
    object = models.TextField(null=True)  # noqa: DJ001 - no value is another statement
    subject = models.UUIDField(null=True)
    actor = models.TextField(null=True)  # noqa: DJ001
    reason = models.TextField(null=True)  # noqa: DJ001
    origin = models.TextField(null=True)  # noqa: DJ001
    correlation = models.TextField(null=True)  # noqa: DJ001
    event = models.UUIDField(null=True, unique=True)
    before = models.TextField(null=True)  # noqa: DJ001
    after = models.TextField(null=True)  # noqa: DJ001
    salts = ArrayField(models.BinaryField(null=True, max_length=SALT_BYTES))
    commitments = models.BinaryField()
    leaf = models.BinaryField()

    objects = RecordQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = '"audit"."record"'
        ordering = ["index"]

    def __str__(self) -> str:
        return f"{self.index} {self.what}"

    def values(self) -> dict[str, str | None]:
        """The fields as they were committed to."""
        found: dict[str, Any] = {name: getattr(self, name) for name in FIELDS}
        return {
            name: value if value is None else moment(value) if name == "at" else str(value)
            for name, value in found.items()
        }


class Chunk(models.Model):
    """The root of 256 leaves, so that proofs need not read all of them."""

    index = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = '"audit"."chunk"'

    def __str__(self) -> str:
        return str(self.index)


class Head(models.Model):
    """How far the log is, and what is needed to append to its tree."""

    size = models.BigIntegerField()
    frontier = models.BinaryField()

    class Meta:
        managed = False
        db_table = '"audit"."head"'

    def __str__(self) -> str:
        return f"{self.size} records"

    def load(self) -> Frontier:
        return Frontier.load(self.size, bytes(self.frontier))


class Checkpoint(models.Model):
    """The root of the first `size` records, signed. `note` is in C2SP's tlog-checkpoint format."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = '"audit"."checkpoint"'
        ordering = ["size"]

    def __str__(self) -> str:
        return f"{self.size} {bytes(self.root).hex()[:16]}"
