"""What a member was told because of an event, and how it went out: for the audit's timeline."""

from collections.abc import Collection, Iterator
from uuid import UUID

from django.urls import reverse

from core.stories import Moment
from notifications.models import Delivery, Notification

MOST = 1000


def tell_of_notifications(event_ids: Collection[UUID]) -> Iterator[Moment]:
    """Without addresses: the log does not have them either."""
    found = Notification.objects.filter(event_id__in=event_ids)
    for row in found.order_by("id").prefetch_related("deliveries__log")[:MOST]:
        yield Moment(
            at=row.created_at,
            what="notification",
            object=f"notifications:{row.id}",
            after=row.title,
            reason="" if row.in_inbox else "not for the inbox",
            correlation=row.correlation_id,
            link=reverse("admin:notifications_notification_change", args=[row.id]),
        )
        for delivery in row.deliveries.all():
            yield from _tell_of_delivery(delivery, row.correlation_id)


def _tell_of_delivery(delivery: Delivery, correlation: str) -> Iterator[Moment]:
    """That it was planned, with what became of it; and each attempt."""
    what, link = f"delivery.{delivery.channel}", _page(delivery)
    name = f"deliveries:{delivery.id}"
    planned = (delivery.created_at, what, delivery.status, delivery.reason)
    attempts = ((it.at, f"{what}.attempt", it.outcome, it.detail) for it in delivery.log.all())
    for at, kind, after, reason in (planned, *attempts):
        yield Moment(at, kind, name, after, reason, correlation, link)


def _page(delivery: Delivery) -> str:
    return reverse("admin:notifications_delivery_change", args=[delivery.id])
