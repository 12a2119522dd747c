"""Who was erased: what the event log still has to tell of them is recorded without them."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection, models
from django.db.models.functions import Now


class ErasedPersonQuerySet(models.QuerySet["ErasedPerson"]):
    def among(self, ids: Iterable[str]) -> list[UUID]:
        """Which of these people are erased; one parameter, however many they are."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT user_id FROM audit_erasedperson WHERE user_id = ANY (%s::uuid[])",
                [list(ids)],
            )
            return [row[0] for row in cursor.fetchall()]


class ErasedPerson(models.Model):
    """The id of a closed account, which names nobody any more."""

    user_id = models.UUIDField(primary_key=True)
    erased_at = models.DateTimeField(db_default=Now())

    objects = ErasedPersonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "erased people"

    def __str__(self) -> str:
        return str(self.user_id)
