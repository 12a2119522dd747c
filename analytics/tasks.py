"""Beat's jobs: what Redis shows is written from Postgres, again and again."""

from contextlib import suppress

from celery import shared_task
from django.utils import timezone
from redis import RedisError

from analytics.services.counters import write_counters
from analytics.services.keeping import keep_boards


@shared_task(name="analytics.keep_boards")
def keep_boards_task() -> None:
    with suppress(RedisError):  # beat asks again
        keep_boards(now=timezone.now())


@shared_task(name="analytics.write_counters")
def write_counters_task() -> None:
    with suppress(RedisError):
        write_counters()
