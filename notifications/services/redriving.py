"""What keeps deliveries going when messages are lost; and an operator's order to send again."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from core.jobs import enqueue
from notifications import jobs
from notifications.models import Delivery, DeliveryAttempt, DeliveryStatus, Outcome
from notifications.services.planning import KEPT_TRYING

# The message that a row's own step has sent arrives first; ours is for those that were lost.
GRACE = timedelta(seconds=2)
BATCH = 500


def redrive(*, now: datetime) -> int:
    """Ask for an attempt at every delivery that should have had it by now; how many."""
    due = Delivery.objects.due(now=now - GRACE).order_by("next_run_at")
    ids = list(due.values_list("id", flat=True)[:BATCH])
    for delivery_id in ids:
        enqueue(jobs.DELIVER, delivery_id)
    return len(ids)


@transaction.atomic
def resend(*, delivery_ids: Collection[UUID], now: datetime) -> int:
    """Send again what is over, as a message of its own; returns how many. What still waits, waits.

    Preferences are not asked again, quiet hours are.
    """
    over = Delivery.objects.filter(id__in=delivery_ids).exclude(status=DeliveryStatus.WAITING)
    ids = list(over.select_for_update().values_list("id", flat=True))
    Delivery.objects.filter(id__in=ids).update(
        status=DeliveryStatus.WAITING,
        reason="",
        failures=0,
        resends=F("resends") + 1,
        next_run_at=now,
        slot_at=None,
        expires_at=now + KEPT_TRYING,
    )
    # Of workers that ended meanwhile nothing is held against the new message.
    unheard = DeliveryAttempt.objects.filter(delivery__in=ids, outcome=Outcome.STARTED)
    unheard.update(outcome=Outcome.SILENT, detail="never heard of again")
    for delivery_id in ids:
        enqueue(jobs.DELIVER, delivery_id)
    return len(ids)
