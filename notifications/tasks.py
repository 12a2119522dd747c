"""Background jobs: an id in, one service call. A delivery that has to wait says how long."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from core.jobs import enqueue
from notifications import jobs
from notifications.services.delivering import deliver
from notifications.services.redriving import redrive

# Beyond this the row waits for `redrive`, as in `nft.tasks`: Redis delivers a message again
# that rests for longer than its visibility timeout.
LONGEST_COUNTDOWN = 30.0


@shared_task(name=jobs.DELIVER)
def deliver_task(delivery_id: str) -> None:
    pause = deliver(delivery_id=UUID(delivery_id), now=timezone.now())
    if pause is not None and pause <= LONGEST_COUNTDOWN:
        enqueue(jobs.DELIVER, delivery_id, countdown=pause)


@shared_task(name=jobs.REDRIVE)
def redrive_task() -> None:
    redrive(now=timezone.now())
