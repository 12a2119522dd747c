"""Background jobs: one service call each."""

from celery import shared_task
from django.utils import timezone

from audit.services.anchoring import anchor_checkpoints
from audit.services.retaining import apply_retention


@shared_task(name="audit.anchor")
def anchor_task() -> None:
    anchor_checkpoints(now=timezone.now())


@shared_task(name="audit.retain")
def retain_task() -> None:
    apply_retention(now=timezone.now())
