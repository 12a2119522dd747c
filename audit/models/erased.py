"""Who was erased: what the event log still has to tell of them is recorded without them."""

from django.db import models
from django.db.models.functions import Now


class ErasedPerson(models.Model):
    """The id of a closed account, which names nobody any more."""

    user_id = models.UUIDField(primary_key=True)
    erased_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "erased people"

    def __str__(self) -> str:
        return str(self.user_id)
