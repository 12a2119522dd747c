"""Enqueuing of background jobs. A message is only a hint: the rows say what is unfinished."""

import logging
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import KombuError, OperationalError
from prometheus_client import Counter
from redis import RedisError

from core.redis import breaker

logger = logging.getLogger(__name__)
lost_hints = Counter("aiw3_jobs_not_enqueued_total", "Job messages that the broker did not take")


def enqueue(task: str, *ids: UUID | str | int, countdown: float = 0) -> None:
    """Send the task of this name to the broker once the current transaction commits (at once outside one).

    Never raises: a broker that refuses or hangs is logged and counted, and the reconciler
    finds the unfinished row. `countdown` is in seconds.
    """
    arguments = tuple(str(value) if isinstance(value, UUID) else value for value in ids)
    transaction.on_commit(lambda: _send(task, arguments, countdown), robust=True)


def _send(task: str, arguments: tuple[str | int, ...], countdown: float) -> None:
    if breaker.is_open:
        lost_hints.inc()
        return
    try:
        current_app.send_task(task, arguments, countdown=countdown, retry=False)
    except (KombuError, OperationalError, RedisError, OSError) as error:
        breaker.trip()
        lost_hints.inc()
        logger.warning("Broker did not take %s: %s", task, type(error).__name__)
