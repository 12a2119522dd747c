"""Facts and rows for the tests of the log."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from core.ids import uuid7
from events.events import DomainEvent
from events.models import Event
from events.services import publish

SIGNATURE = "5" * 88
MINT = "M" * 44
MOMENT = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True, kw_only=True)
class BadgeActivated(DomainEvent):
    event_type: ClassVar[str] = "badge_activated"
    badge_id: str = "early-bird"
    upgrade_request_id: UUID | None = None

    def message(self) -> str:
        return "You activated a badge."


@dataclass(frozen=True, kw_only=True)
class AuthorityBalanceLow(DomainEvent):
    event_type: ClassVar[str] = "authority_balance_low"
    balance_lamports: int = 1
    threshold_lamports: int = 2

    def message(self) -> str:
        return "The mint authority needs funds."


def activate(user_id: UUID, badge: str = "early-bird", upgrade: UUID | None = None) -> Event:
    """One committed event of a user."""
    with transaction.atomic():
        return publish(BadgeActivated(user_id=user_id, badge_id=badge, upgrade_request_id=upgrade))


def warn_admins() -> Event:
    with transaction.atomic():
        return publish(AuthorityBalanceLow())


def row(user_id: UUID | None, number: int = 0) -> Event:
    """An unsaved event, for tests that write without Django's transaction handling."""
    return Event(
        type="badge_activated", version="1.0.0", audience="user" if user_id else "admin",
        user_id=user_id, message="m", data={"badgeId": str(number), "upgradeRequestId": None},
        correlation_id="c", created_at=timezone.now(), event_id=uuid7(),
    )  # fmt: skip
