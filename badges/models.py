"""Badges that exist, and the badges that users hold.

A held badge goes earned → activated → reserved → consumed; `MOVES` is the whole table.
Every move is a conditional update on (id, status, version) and leaves a history row.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.errors import Conflict
from core.ids import uuid7


class BadgeDefinitionQuerySet(models.QuerySet["BadgeDefinition"]):
    def listed(self) -> "BadgeDefinitionQuerySet":
        """What the public sees, in display order."""
        return self.filter(is_active=True).order_by("position", "slug")


class BadgeDefinition(models.Model):
    """A kind of badge. `required_for_tier` is a tier level; null when no tier needs it."""

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    image_url = models.URLField(max_length=300, blank=True)
    required_for_tier = models.PositiveSmallIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)

    objects = BadgeDefinitionQuerySet.as_manager()

    class Meta:
        db_table = "badge_definitions"
        constraints = [
            models.CheckConstraint(condition=Q(required_for_tier__gte=1), name="badge_tier_from_1")
        ]

    def __str__(self) -> str:
        return self.slug


class BadgeStatus(models.TextChoices):
    EARNED = "earned"
    ACTIVATED = "activated"
    RESERVED = "reserved"
    CONSUMED = "consumed"
    REVOKED = "revoked"


class Move(NamedTuple):
    sources: frozenset[str]
    target: BadgeStatus


MOVES: Mapping[str, Move] = {
    "activate": Move(frozenset({BadgeStatus.EARNED}), BadgeStatus.ACTIVATED),
    "reserve": Move(frozenset({BadgeStatus.ACTIVATED}), BadgeStatus.RESERVED),
    "release": Move(frozenset({BadgeStatus.RESERVED}), BadgeStatus.ACTIVATED),
    "consume": Move(frozenset({BadgeStatus.RESERVED}), BadgeStatus.CONSUMED),
    "revoke": Move(frozenset({BadgeStatus.EARNED, BadgeStatus.ACTIVATED}), BadgeStatus.REVOKED),
}


class EarnedBadgeQuerySet(models.QuerySet["EarnedBadge"]):
    def of_user(self, user_id: UUID) -> "EarnedBadgeQuerySet":
        return self.filter(user_id=user_id).select_related("definition")

    def held_for(self, request_id: UUID) -> "EarnedBadgeQuerySet":
        """Reserved for, or consumed by, an upgrade or unlock."""
        return self.filter(reserved_for=request_id).select_related("definition")

    def with_slugs(self, slugs: Iterable[str]) -> "EarnedBadgeQuerySet":
        return self.filter(definition__slug__in=slugs)

    def locked(self) -> "EarnedBadgeQuerySet":
        """Rows locked in id order, so that two callers never wait for each other."""
        return self.select_for_update(of=("self",)).order_by("id")

    def status_by_slug(self, user_id: UUID) -> dict[str, str]:
        return dict(self.filter(user_id=user_id).values_list("definition__slug", "status"))

    def active_slugs(self, user_id: UUID) -> set[str]:
        """The activated badges: those that count for a tier and can be reserved."""
        active = self.filter(user_id=user_id, status=BadgeStatus.ACTIVATED)
        return set(active.values_list("definition__slug", flat=True))


class EarnedBadge(models.Model):
    """A badge that a user holds. `reserved_for` is the upgrade or unlock that holds or took it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="badges"
    )
    definition = models.ForeignKey(
        BadgeDefinition, on_delete=models.PROTECT, related_name="earned_badges"
    )
    status = models.CharField(
        max_length=10, choices=BadgeStatus.choices, default=BadgeStatus.EARNED
    )
    earned_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    reserved_for = models.UUIDField(null=True, blank=True)
    consumed_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoke_reason = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)
    is_new = False  # not stored: whether this very call of `award_badge` gave it

    objects = EarnedBadgeQuerySet.as_manager()

    class Meta:
        db_table = "earned_badges"
        constraints = [
            models.UniqueConstraint(fields=["user", "definition"], name="badge_once_per_user"),
            models.CheckConstraint(
                condition=Q(status__in=BadgeStatus.values), name="badge_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=("reserved", "consumed"), reserved_for__isnull=False)
                | Q(status__in=("earned", "activated", "revoked"), reserved_for__isnull=True),
                name="badge_reserved_for_a_request",
            ),
            models.CheckConstraint(
                condition=Q(status="earned", activated_at__isnull=True)
                | Q(status__in=("activated", "reserved", "consumed"), activated_at__isnull=False)
                | Q(status="revoked"),
                name="badge_activated_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status="consumed", consumed_at__isnull=False)
                | (~Q(status="consumed") & Q(consumed_at__isnull=True)),
                name="badge_consumed_at_a_time",
            ),
            models.CheckConstraint(
                condition=(Q(status="revoked", revoked_at__isnull=False) & ~Q(revoke_reason=""))
                | (~Q(status="revoked") & Q(revoked_at__isnull=True, revoke_reason="")),
                name="badge_revoked_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reserved_for"],
                condition=Q(reserved_for__isnull=False),
                name="badge_by_request",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.definition_id} of {self.user_id}: {self.status}"

    def activate(self, *, now: datetime) -> None:
        self._move("activate", {"activated_at": now}, now=now)

    def reserve(self, *, request_id: UUID, now: datetime) -> None:
        self._move("reserve", {"reserved_for": request_id}, now=now, request_id=request_id)

    def release(self, *, now: datetime) -> None:
        self._move("release", {"reserved_for": None}, now=now, request_id=self.reserved_for)

    def consume(self, *, now: datetime) -> None:
        self._move("consume", {"consumed_at": now}, now=now, request_id=self.reserved_for)

    def revoke(self, *, reason: str, now: datetime, source: str = "") -> None:
        changes = {"revoked_at": now, "revoke_reason": reason}
        noted = f"revoked by {source}: {reason}"[:200] if source else reason
        self._move("revoke", changes, now=now, reason=noted)

    def _move(
        self,
        name: str,
        changes: Mapping[str, Any],
        *,
        now: datetime,
        request_id: UUID | None = None,
        reason: str = "",
    ) -> None:
        """Raises Conflict when the table forbids it, or when another writer came first."""
        before, (sources, after) = self.status, MOVES[name]
        if before not in sources:
            raise Conflict(
                "BADGE_STATUS",
                f"A badge that is {before} is not one to {name}.",
                details={"status": before},
            )
        values = {"status": after, "version": self.version + 1, **changes}
        unchanged = EarnedBadge.objects.filter(id=self.id, status=before, version=self.version)
        if not unchanged.update(**values):
            raise Conflict("BADGE_CHANGED", "Someone else has just changed this badge.")
        for field, value in values.items():
            setattr(self, field, value)
        self.history.create(
            from_status=before, to_status=after, at=now, request_id=request_id, reason=reason
        )


class BadgeStatusHistory(models.Model):
    """One move of a badge. `from_status` is empty for the award."""

    badge = models.ForeignKey(EarnedBadge, on_delete=models.PROTECT, related_name="history")
    from_status = models.CharField(max_length=10, blank=True)
    to_status = models.CharField(max_length=10, choices=BadgeStatus.choices)
    at = models.DateTimeField()
    request_id = models.UUIDField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "badge_status_history"
        ordering = ["id"]
        verbose_name_plural = "badge status history"

    def __str__(self) -> str:
        return f"{self.from_status or 'new'} → {self.to_status}"
