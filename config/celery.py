"""The Celery application; queues, retries and beat's schedule are in the settings."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("aiw3")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def open_connections(**_: Any) -> None:
    """Celery logs what a receiver raises and goes on; only SystemExit stops it."""
    from chain.errors import ChainError
    from nft.chain_access import greet_chain  # models load after Django is set up

    try:
        greet_chain()
    except ChainError as error:
        raise SystemExit(f"This worker does not start. {error}") from None
