"""Rate limits that are counted in Redis and vanish with it."""

import ipaddress
from typing import Any, ClassVar, cast

import redis
from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from core.callers import caller_of
from core.idempotency import is_replay
from core.ids import uuid7
from core.redis import try_redis

# A sliding window: the calls of the last `window` ms, one member each. Returns how many ms
# until the next call is allowed, 0 when this one is (and only then counts it).
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZCARD', KEYS[1]) < limit then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], window)
  return 0
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return math.max(1, oldest[2] + window - now)
"""
_PERIODS_MS = {"s": 1_000, "min": 60_000, "h": 3_600_000}


def parse_rate(rate: str) -> tuple[int, int]:
    """`5/min` as (calls, window in ms); the period is s, min or h. Raises ValueError."""
    calls, _, period = rate.partition("/")
    if period not in _PERIODS_MS or int(calls) < 1:
        raise ValueError(f"A rate looks like 5/min, not {rate!r}")
    return int(calls), _PERIODS_MS[period]


def network_of(request: HttpRequest | Request) -> str:
    """The client's address; of IPv6 the /64, because a single client owns that many."""
    given = BaseThrottle().get_ident(cast(Request, request))  # it reads headers only
    try:
        address = ipaddress.ip_address(given or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), 64), strict=False).network_address)
    return str(address)


def take_turn(*, limit: str, whose: str) -> int:
    """Count a call against `settings.RATE_LIMITS[limit]`: 0 when it may be made, else how many
    ms until the next one may. With Redis refusing or hanging every call may."""
    calls, window = parse_rate(settings.RATE_LIMITS[limit])
    key = f"rate:{limit}:{whose}"
    return try_redis(lambda client: _take(client, key, calls, window), otherwise=0)


class RedisThrottle(BaseThrottle):
    """At most `settings.RATE_LIMITS[limit]` calls by one user, service key or else address.

    Subclasses name the limit. Where the call takes an Idempotency-Key, `idempotent_route`
    names its canonical route, so that replays are let through uncounted. With Redis
    refusing or hanging every call is allowed.
    """

    limit: ClassVar[str]
    idempotent_route: ClassVar[str] = ""

    def __init__(self) -> None:
        self._wait_ms = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        caller = caller_of(request)
        if caller and self._is_replay(request, caller):
            return True
        self._wait_ms = take_turn(limit=self.limit, whose=caller or network_of(request))
        return self._wait_ms == 0

    def wait(self) -> float:
        """Seconds until the next call may succeed."""
        return self._wait_ms / 1000

    def _is_replay(self, request: Request, caller: str) -> bool:
        route = self.idempotent_route
        return bool(route) and is_replay(request, scope=caller, route=route)


def _take(client: redis.Redis, key: str, calls: int, window_ms: int) -> int:
    script: Any = client.register_script(_TAKE)
    return int(script(keys=[key], args=[calls, window_ms, str(uuid7())]))
