"""Enqueuing of background jobs. A message is only a hint: the rows say what is unfinished."""

import logging
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import KombuError, OperationalError
from prometheus_client import Counter
from redis import RedisError

from core.correlation import known_correlation_id
from core.redis import breaker

logger = logging.getLogger(__name__)
CORRELATION = "aiw3-correlation-id"  # the header of a message that carries the caller's
lost_hints = Counter("aiw3_jobs_not_enqueued_total", "Job messages that the broker did not take")


def enqueue(task: str, *ids: UUID | str | int, countdown: float = 0) -> None:
    """Send the task of this name to the broker once the current transaction commits (at once outside one).

    Never raises: a broker that refuses or hangs is logged and counted, and the reconciler
    finds the unfinished row. `countdown` is in seconds.
    """
    arguments = tuple(str(value) if isinstance(value, UUID) else value for value in ids)
    headers = {CORRELATION: known_correlation_id()}
    transaction.on_commit(lambda: _send(task, arguments, countdown, headers), robust=True)


def _send(
    task: str, arguments: tuple[str | int, ...], countdown: float, headers: dict[str, str]
) -> None:
    if breaker.is_open:
        lost_hints.inc()
        return
    try:
        current_app.send_task(task, arguments, countdown=countdown, headers=headers, retry=False)
    except (KombuError, OperationalError, RedisError, OSError) as error:
        breaker.trip()
        lost_hints.inc()
        logger.warning("Broker did not take %s: %s", task, type(error).__name__)
