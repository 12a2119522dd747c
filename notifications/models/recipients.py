"""How to reach a member, and what they want to hear. Without rows the defaults count."""

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

from core.ids import uuid7
from notifications.kinds import DEFAULT_LANGUAGE, LANGUAGES
from notifications.models.deliveries import Channel
from notifications.quiet import QuietHours

EVERY_TYPE = ""  # of a preference that turns a whole channel off
NO_QUIET = Q(quiet_from__isnull=True, quiet_until__isnull=True)
QUIET = Q(quiet_from__isnull=False, quiet_until__isnull=False)


class Recipient(models.Model):
    """One member's settings. The address gets mail only once it is verified."""

    user_id = models.UUIDField(primary_key=True)
    language = models.CharField(
        max_length=8, choices=list(LANGUAGES.items()), default=DEFAULT_LANGUAGE
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="Since then nothing is told to them"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(language__in=LANGUAGES), name="recipient_language_is_known"
            ),
            models.CheckConstraint(condition=NO_QUIET | QUIET, name="recipient_quiet_has_two_ends"),
            models.CheckConstraint(
                condition=~Q(email="") | Q(email_verified_at__isnull=True),
                name="recipient_only_an_address_is_verified",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user_id)

    @property
    def mail_address(self) -> str:
        """Where mail may go; empty until the address is verified."""
        return self.email if self.email_verified_at else ""

    def quiet_ends(self, now: datetime) -> datetime | None:
        """When this member may be disturbed again; None when they may be now."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return QuietHours(self.quiet_from, self.quiet_until, self.time_zone).until(now)


def address_mark(address: str) -> str:
    """Stands for an address where the address itself must not be kept (64 characters)."""
    return salted_hmac("notifications.address", address.casefold(), algorithm="sha256").hexdigest()


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def keep(self, user_id: UUID, wishes: "dict[tuple[str, str], bool]") -> None:
        """`wishes` by (type, channel); others stay as they are."""
        rows = [
            Preference(user_id=user_id, type=kind, channel=channel, is_wanted=wanted)
            for (kind, channel), wanted in sorted(wishes.items())
        ]
        Preference.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["user_id", "type", "channel"],
            update_fields=["is_wanted"],
        )


class Preference(models.Model):
    """A wish that differs from the default; `type` may be EVERY_TYPE."""

    user_id = models.UUIDField()
    type = models.CharField(max_length=64, blank=True)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    is_wanted = models.BooleanField()

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "type", "channel"], name="one_wish_a_type_and_channel"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="preference_channel_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type or 'everything'} by {self.channel}: {self.is_wanted}"


class PushSubscription(models.Model):
    """One browser of a member. The endpoint and the keys let anybody push to it: never shown."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user_id = models.UUIDField(db_index=True)
    endpoint = models.CharField(max_length=1000)
    endpoint_hash = models.CharField(max_length=64, unique=True)
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)

    @staticmethod
    def hash_of(endpoint: str) -> str:
        return hashlib.sha256(endpoint.encode()).hexdigest()
