"""Shorter waits, so that a sample of the points takes seconds. Nothing else is different.

Without it everything is proved with the settings' defaults.
"""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.conf import settings

import core.idempotency
import events.consumer
import nft.claims
import nft.locks
import nft.services.recovery

BEAT_SECONDS = 1.0


def hurry() -> None:
    short = timedelta(seconds=3)
    nft.claims.LEASE = core.idempotency.IN_FLIGHT_FOR = short
    nft.services.recovery.GRACE = timedelta(seconds=0.5)
    defaults = {"lease_for": short}
    patch.object(events.consumer.Consumer.__init__, "__kwdefaults__", defaults).start()
    settings.CHAIN_POLL_INTERVAL = timedelta(milliseconds=50)
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    for entry in schedule.values():
        entry["schedule"] = min(entry["schedule"], BEAT_SECONDS)
