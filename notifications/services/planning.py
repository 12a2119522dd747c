"""Which notifications leave the house, by which way, and when at the earliest."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from core.jobs import enqueue
from notifications import jobs
from notifications.channels import channels
from notifications.kinds import Priority
from notifications.models import Delivery, Notification, Recipient
from notifications.services.wishes import Wishes

# What could not be handed to a provider by then is old news.
KEPT_TRYING = timedelta(hours=48)
# Each hint is a message to the broker, and the batch's reader waits for it; beat finds the rest.
HINTS = 20


def plan_deliveries(
    *,
    notifications: Sequence[Notification],
    wishes: Wishes,
    people: Mapping[UUID, Recipient],
    now: datetime,
) -> None:
    """A row for each notification, channel and target; quiet hours put it off."""
    rows = list(_deliveries(notifications, wishes, people, now))
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    due = [row.id for row in rows if row.next_run_at <= now]
    for delivery_id in due[:HINTS]:
        enqueue(jobs.DELIVER, delivery_id)


def _deliveries(
    notifications: Sequence[Notification],
    wishes: Wishes,
    people: Mapping[UUID, Recipient],
    now: datetime,
) -> Iterator[Delivery]:
    user_ids = {row.user_id for row in notifications}
    for channel in channels():
        targets = channel.targets(user_ids) if channel.is_on() else {}
        for row in notifications:
            if not wishes.wants(row.user_id, row.type, channel.name, priority=row.priority):
                continue
            for target in targets.get(row.user_id, ()):
                yield Delivery(
                    notification=row,
                    user_id=row.user_id,
                    channel=channel.name,
                    target=target,
                    created_at=now,
                    next_run_at=rested_until(row, people.get(row.user_id), now) or now,
                    expires_at=now + KEPT_TRYING,
                )


def rested_until(
    notification: Notification, person: Recipient | None, now: datetime
) -> datetime | None:
    """When the member's quiet hours end, unless it is urgent."""
    if person is None or notification.priority == Priority.HIGH:
        return None
    return person.quiet_ends(now)
