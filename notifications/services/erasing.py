"""Forgetting a member: what they were told, how it went out, where they could be reached."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from notifications.models import Delivery, Notification, Preference, PushSubscription, Recipient

TURN = 0x6E6F74696679  # the advisory lock: “notify”


def wait_for_erasures() -> None:
    """Nobody is erased until the caller's transaction ends, and all who are can be seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [TURN])


@transaction.atomic
def erase_member(*, user_id: UUID, now: datetime) -> int:
    """How many notifications went. Nothing is told to them any more, by a replay neither.

    What is just being written for them is waited for, because it could not be seen yet.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
    mine = Notification.objects.filter(user_id=user_id)
    count = mine.count()
    for rows in (
        mine,  # with their deliveries and the log of these
        Delivery.objects.filter(user_id=user_id),
        Preference.objects.filter(user_id=user_id),
        PushSubscription.objects.filter(user_id=user_id),
        Recipient.objects.filter(user_id=user_id),
    ):
        rows.delete()
    Recipient.objects.create(user_id=user_id, erased_at=now)
    return count
