"""Members, events and browsers for the tests of what people are told."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.test import Client

from accounts.models import User
from badges.events import BadgeActivated, BadgeEarned
from events.consumer import Consumer, Turn
from events.groups import group_named
from events.models import Event
from events.sequencer import number_pending
from events.services import publish
from notifications.kinds import KINDS
from notifications.models import Delivery, Notification, NotificationTemplate, Recipient
from notifications.services.delivering import deliver
from tests.badges.parts import new_user

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = timedelta(seconds=1)
__all__ = ["NOW", "SOON", "new_user"]


def earn(user: User | UUID, name: str = "First Steps") -> Event:
    """A committed `badge_earned`: of normal priority, so it goes out too."""
    with transaction.atomic():
        return publish(
            BadgeEarned(
                user_id=user.id if isinstance(user, User) else user,
                badge_id="first-steps",
                badge_name=name,
                description="Traded.",
                image_url="https://images.example/1.png",
                earned_at=NOW,
                required_for_tier=1,
            )
        )


def activate(user: User) -> Event:
    """A committed `badge_activated`: of low priority, so it stays in the inbox."""
    with transaction.atomic():
        return publish(BadgeActivated(user_id=user.id, badge_id="first-steps"))


def settle() -> None:
    """The sequencer and the group at work until nothing is left."""
    consumer = Consumer(group_named("notifications"))
    try:
        while number_pending() or consumer.step() is Turn.WORKED:
            pass
    finally:
        consumer.release()


def told(user: User, event_type: str) -> list[dict[str, Any]]:
    """What the member's browsers got, oldest first."""
    events = Event.objects.filter(user_id=user.id, type=event_type).order_by("id")
    return [event.data for event in events]


def inbox(user: User) -> list[Notification]:
    return list(Notification.objects.inbox_of(user.id).order_by("-id"))


def template(name: str, **changes: Any) -> NotificationTemplate:
    """The operators' row of a type, as the migration makes it (a flush may have taken it)."""
    kind = KINDS[name]
    defaults = {"priority": kind.priority, "link": kind.link}
    row, _ = NotificationTemplate.objects.get_or_create(type=name, defaults=defaults)
    for language, text in kind.texts.items():
        words = {"title": text.title, "message": text.message}
        row.texts.get_or_create(language=language, defaults=words)
    NotificationTemplate.objects.filter(id=row.id).update(**changes)
    return row


def reachable(user: User, address: str = "ada@example.org", **settings: Any) -> Recipient:
    """A member whose address is verified."""
    return Recipient.objects.create(
        user_id=user.id, email=address, email_verified_at=NOW, **settings
    )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def attempt(delivery: Delivery, *, now: datetime) -> Delivery:
    """One attempt as a worker makes it; the row afterwards."""
    deliver(delivery_id=delivery.id, now=now)
    delivery.refresh_from_db()
    return delivery
