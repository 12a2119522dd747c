"""Rows that no single app owns."""

from datetime import datetime

from django.db import models
from django.db.models import Q


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def expired(self, *, now: datetime) -> "IdempotencyKeyQuerySet":
        return self.filter(expires_at__lte=now)


class IdempotencyKey(models.Model):
    """A creating request that a client may safely repeat: who, where, what, and the answer.

    `claim` changes hands when a request died in flight; only its holder may record an answer.
    """

    scope = models.CharField(max_length=80)
    route = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    claim = models.UUIDField()
    claimed_until = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "route", "key"], name="idempotency_key_once"),
            models.CheckConstraint(
                condition=Q(status_code__isnull=True) | Q(status_code__range=(200, 299)),
                name="idempotency_only_success_is_kept",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.route} {self.key}"

    @property
    def is_answered(self) -> bool:
        return self.status_code is not None
