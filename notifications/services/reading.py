"""The inbox: what is unread, and marking it read in every tab."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.errors import NotFound
from events.services import publish
from notifications.events import NotificationsRead
from notifications.models import Notification


def count_unread(*, user_id: UUID) -> int:
    return Notification.objects.inbox_of(user_id).unread().count()


@transaction.atomic
def mark_read(*, user_id: UUID, notification_id: UUID, now: datetime) -> Notification:
    """Again changes nothing. Raises NotFound for someone else's."""
    row = Notification.objects.inbox_of(user_id).filter(id=notification_id)
    if row.mark_read(now=now):
        _tell(user_id, [notification_id], everything=False)
    found = row.first()
    if found is None:
        raise NotFound("NOTIFICATION_NOT_FOUND", "There is no such notification.")
    return found


@transaction.atomic
def mark_all_read(*, user_id: UUID, now: datetime) -> int:
    """Returns how many had not been read; what comes at this moment stays unread."""
    read = Notification.objects.inbox_of(user_id).mark_read(now=now)
    if read:
        _tell(user_id, [], everything=True)
    return read


def _tell(user_id: UUID, ids: list[UUID], *, everything: bool) -> None:
    publish(
        NotificationsRead(
            user_id=user_id,
            notification_ids=ids,
            everything=everything,
            unread_count=count_unread(user_id=user_id),
        )
    )
