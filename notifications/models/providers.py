"""Who takes messages from us, how fast, and whether it wants to be left alone just now."""

from datetime import datetime, timedelta

from django.db import models

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)


class ProviderQuerySet(models.QuerySet["Provider"]):
    def locked(self, name: str) -> "Provider":
        """The row, made at the first use, held until the transaction ends."""
        self.get_or_create(name=name)
        return self.select_for_update().get(name=name)


class Provider(models.Model):
    """`name` is `email`, or the host of a push service.

    `next_slot_at` is the first moment that is not given away yet: calls are spread evenly.
    """

    name = models.CharField(primary_key=True, max_length=253)
    next_slot_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row, without an answer")

    objects = ProviderQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def take_slot(self, *, every: timedelta, now: datetime) -> datetime:
        """The moment at which the next message may go."""
        slot = max(now, self.next_slot_at or now)
        self.next_slot_at = slot + every
        self.save(update_fields=["next_slot_at"])
        return slot

    def pause(self, *, until: datetime) -> None:
        """It asked us to."""
        self.paused_until = until
        self.save(update_fields=["paused_until"])

    def note_silence(self, *, now: datetime) -> datetime:
        """It did not answer: leave it alone, longer each time. Returns until when."""
        self.failures += 1
        pause = min(FIRST_PAUSE * 2 ** min(self.failures - 1, 10), LONGEST_PAUSE)
        self.paused_until = now + pause
        self.save(update_fields=["failures", "paused_until"])
        return self.paused_until
