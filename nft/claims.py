"""Unique jobs: whoever holds a row's claim works on it; Celery itself enforces none.

A claim is a lease, so that the death of a worker frees the row after `LEASE`. A row also
knows when its next look is due, so that any number of messages for it do the work once.
"""

from datetime import datetime, timedelta
from typing import Any, Self, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.ids import uuid7

# Longer than one look at the chain and the price of a transaction, and no longer: a dead worker's
# row rests until it is over. Two workers at one row waste a look and break nothing, because of
# the versions.
LEASE = timedelta(
    seconds=settings.SOLANA_RPC_DEADLINE_SECONDS + settings.SOLANA_RPC_TIMEOUT_SECONDS + 1
)

# Part of a change after which nobody works on the row any more: the claim ends in its commit,
# because a worker that dies before it releases the row leaves it to nobody.
UNCLAIMED: dict[str, Any] = {"claimed_by": None, "claimed_until": None}


M = TypeVar("M", bound="Claimable")


class ClaimQuerySet(models.QuerySet[M]):
    def due(self, *, now: datetime, since: datetime | None = None) -> Self:
        """Rows that nobody works on and whose pause is over, or was over at `since` already."""
        free = Q(claimed_by__isnull=True) | Q(claimed_until__lte=now)
        rested = Q(next_run_at__isnull=True) | Q(next_run_at__lte=since or now)
        return self.filter(free, rested)

    def claim(self, row_id: UUID, *, now: datetime) -> UUID | None:
        """Take the claim of a due row; None when it rests or another worker holds it."""
        token = uuid7()
        taken = self.due(now=now).filter(id=row_id)
        return token if taken.update(claimed_by=token, claimed_until=now + LEASE) else None

    def release(
        self, row_id: UUID, *, token: UUID, version: int, next_run_at: datetime | None
    ) -> bool:
        """Give the claim back and set the next look.

        False when the row was changed meanwhile: then its next look is not ours to set.
        """
        mine = self.filter(id=row_id, claimed_by=token)
        rested = mine.filter(version=version).update(
            claimed_by=None, claimed_until=None, next_run_at=next_run_at
        )
        if not rested:
            mine.update(claimed_by=None, claimed_until=None)
        return bool(rested)


class Claimable(models.Model):
    """`version` grows with every change of substance, not with claims and looks."""

    claimed_by = models.UUIDField(null=True, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    next_run_at = models.DateTimeField(null=True, blank=True, db_index=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def is_claimed(self, *, now: datetime) -> bool:
        """Whether somebody works on the row at this moment."""
        return self.claimed_until is not None and self.claimed_until > now
