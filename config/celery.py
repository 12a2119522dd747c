"""The Celery application; queues, retries and beat's schedule are in the settings."""

import os
from typing import Any

from celery import Celery, Task
from celery.signals import task_prerun, worker_init

from core.correlation import set_correlation_id
from core.ids import uuid7
from core.jobs import CORRELATION

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("aiw3")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
def resume_correlation(task: Task, **_: Any) -> None:
    """The job goes on under the id of whoever enqueued it; beat's jobs have one of their own."""
    given = getattr(task.request, CORRELATION, None)
    set_correlation_id(given or str(uuid7()))


@worker_init.connect
def open_connections(**_: Any) -> None:
    """Celery logs what a receiver raises and goes on; only SystemExit stops it."""
    from chain.errors import ChainError
    from nft.chain_access import greet_chain  # models load after Django is set up

    try:
        greet_chain()
    except ChainError as error:
        raise SystemExit(f"This worker does not start. {error}") from None
