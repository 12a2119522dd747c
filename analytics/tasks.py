"""Beat's jobs: what Redis shows is written from Postgres, again and again."""

from celery import shared_task
from django.utils import timezone

from analytics.services.counters import write_counters
from analytics.services.keeping import keep_boards


@shared_task(name="analytics.keep_boards")
def keep_boards_task() -> None:
    keep_boards(now=timezone.now())


@shared_task(name="analytics.write_counters")
def write_counters_task() -> None:
    write_counters()
