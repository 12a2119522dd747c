"""Keys by which other services call us."""

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from core.ids import uuid7

USE_NOTED_EVERY = timedelta(minutes=1)


class Scope(models.TextChoices):
    """What a key may do."""

    TRADES_WRITE = "trades:write"
    BADGES_AWARD = "badges:award"
    BENEFITS_READ = "benefits:read"
    BENEFITS_USE = "benefits:use"


class ServiceKey(models.Model):
    """`prefix` finds the key, `secret_hash` (SHA-256 of the whole key) proves it.

    The secret has 256 random bits, so a slow hash would add nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80, unique=True)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope.choices))
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=list(Scope.values)) & Q(scopes__len__gt=0),
                name="service_key_scopes_are_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    @property
    def caller_scope(self) -> str:
        """Who calls, for idempotency and rate limits."""
        return f"key:{self.id}"

    def is_usable(self, *, now: datetime) -> bool:
        return self.is_active and (self.expires_at is None or self.expires_at > now)

    def note_use(self, *, now: datetime) -> None:
        """Remember when it was last used, to the minute: not a write for each request."""
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
        if self.last_used_at is None or self.last_used_at <= now - USE_NOTED_EVERY:
            ServiceKey.objects.filter(stale, id=self.id).update(last_used_at=now)
