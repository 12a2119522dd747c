"""What a server process says about its streams every two seconds, for the page in the admin.

A report lies in Redis and may vanish; the counters in it are the process's metrics.
"""

import asyncio
import json
import logging
import os
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import redis.asyncio as aioredis
from prometheus_client.metrics import MetricWrapperBase
from redis import RedisError

from realtime import metrics
from realtime.cancelling import heed_cancellation
from realtime.channels import reports_key

if TYPE_CHECKING:
    from realtime.site import Site

logger = logging.getLogger(__name__)

REPORT_EVERY_SECONDS = 2.0
KEPT_SECONDS = 600
RATES = {
    "openedPerSecond": metrics.opened,
    "eventsPerSecond": metrics.dispatched,
    "deliveriesPerSecond": metrics.delivered,
}


async def keep_reporting(site: "Site", client: aioredis.Redis) -> None:
    """Runs for ever."""
    pace = Pace()
    while True:
        heed_cancellation()
        try:
            await client.hset(reports_key(), site.control.process, json.dumps(_report(site, pace)))
            await client.expire(reports_key(), KEPT_SECONDS)
        except (RedisError, OSError) as error:
            logger.warning("The streams' report was not written: %s", type(error).__name__)
        await asyncio.sleep(REPORT_EVERY_SECONDS)


async def take_back(site: "Site", client: aioredis.Redis) -> None:
    """A process that stops is not one that fell silent. Never raises."""
    try:
        await client.hdel(reports_key(), site.control.process)
    except (RedisError, OSError) as error:
        logger.warning("The streams' report was not removed: %s", type(error).__name__)


class Pace:
    """How fast the counters rise, from one call to the next."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._counts = _counts()

    def rates(self) -> dict[str, float]:
        """A second, since the last call."""
        now, counts = time.monotonic(), _counts()
        seconds = max(now - self._at, 0.001)
        rates = {name: round((counts[name] - self._counts[name]) / seconds, 1) for name in counts}
        self._at, self._counts = now, counts
        return rates


def _report(site: "Site", pace: Pace) -> dict[str, Any]:
    return {
        "process": site.control.process,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "at": time.time(),
        "streams": len(site.limits),
        "users": site.limits.users,
        "byTransport": _by_label(metrics.open_streams),
        "closed": _by_label(metrics.closed),
        "refused": _by_label(metrics.refused),
        "isDeaf": site.hub.is_deaf,
        "isDraining": site.draining,
        **pace.rates(),
    }


def _counts() -> Mapping[str, float]:
    return {name: sum(_by_label(metric).values()) for name, metric in RATES.items()}


def _by_label(metric: MetricWrapperBase) -> dict[str, float]:
    """This process's values of a metric with at most one label."""
    return {
        ",".join(sample.labels.values()): sample.value
        for family in metric.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
