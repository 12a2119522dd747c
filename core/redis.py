"""Redis as a helper that may vanish: short timeouts, and no waiting twice for a dead server."""

import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

T = TypeVar("T")

REOPEN_AFTER_SECONDS = 5.0


@cache
def redis_client() -> redis.Redis:
    """The process's client: every call ends within `REDIS_TIMEOUT_SECONDS`, without retries."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class Breaker:
    """Skips calls for a while after one failed, so that a hanging server costs one timeout."""

    def __init__(self, *, reopen_after: float = REOPEN_AFTER_SECONDS):
        self._reopen_after = reopen_after
        self._closed_until = 0.0

    @property
    def is_open(self) -> bool:
        """True while calls are skipped."""
        return time.monotonic() < self._closed_until

    def trip(self) -> None:
        self._closed_until = time.monotonic() + self._reopen_after

    def reset(self) -> None:
        self._closed_until = 0.0


breaker = Breaker()


def try_redis(work: Callable[[redis.Redis], T], *, otherwise: T) -> T:
    """What `work` returns, or `otherwise` when Redis refuses, hangs or was down a moment ago."""
    if breaker.is_open:
        return otherwise
    try:
        return work(redis_client())
    except redis.RedisError:
        breaker.trip()
        return otherwise
