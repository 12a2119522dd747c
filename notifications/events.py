"""The facts of this app, for the member's browsers. Our own group does not listen to them."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from events.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class NotificationCreated(DomainEvent):
    """`caused_by` is the id of the event that it tells of; `link` a path of our site."""

    event_type: ClassVar[str] = "notification_created"

    notification_id: UUID
    notification_type: str
    title: str
    text: str
    priority: str
    link: str
    caused_by: UUID

    def message(self) -> str:
        return self.title


@dataclass(frozen=True, kw_only=True)
class NotificationsRead(DomainEvent):
    """`everything` when all that was there is read; then `notification_ids` is empty."""

    event_type: ClassVar[str] = "notifications_read"

    notification_ids: list[UUID]
    everything: bool
    unread_count: int

    def message(self) -> str:
        return f"{self.unread_count} notifications are unread."
