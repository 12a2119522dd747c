"""How often one network address may open a stream, in this process.

Counted here and not in Redis: it guards what comes before any other work, thousands of times a
second, also with Redis away. So the deployment allows as many times more as it has processes.
"""

import heapq
import ipaddress
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from rest_framework.request import Request

from core.errors import LimitExceeded
from core.throttling import network_of
from realtime.requests import StreamRequest

ADDRESSES = 10_000


class ConnectRate:
    """At most `calls` at once, then one each `seconds / calls` (the algorithm GCRA).

    For each address only the moment at which its whole allowance is back is kept, and only
    until then; of more than `addresses` those closest to it are forgotten.
    """

    def __init__(
        self,
        calls: int,
        seconds: float,
        *,
        addresses: int = ADDRESSES,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._interval = seconds / calls
        self._seconds = seconds
        self._addresses = addresses
        self._clock = clock
        self._whole_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._whole_at)

    def count(self, address: str) -> None:
        """Raises LimitExceeded; what is refused is not counted.

        Loopback is let through: it is this machine, or a proxy that does not say for whom it
        asks, and then one limit would hold for everybody.
        """
        if not _is_limited(address):
            return
        now = self._clock()
        whole_at = max(self._whole_at.get(address, now), now) + self._interval
        wait = whole_at - now - self._seconds
        if wait > 1e-9:
            raise LimitExceeded(
                "TOO_MANY_CONNECTS",
                "Too many streams were opened from your address; try again later.",
                retry_after=math.ceil(wait),
            )
        self._whole_at[address] = whole_at
        if len(self._whole_at) > self._addresses:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """A tenth more than needed, so that not every call has to look at all of them."""
        running = ((at, address) for address, at in self._whole_at.items() if at > now)
        kept = heapq.nlargest(self._addresses * 9 // 10, running)
        self._whole_at = {address: at for at, address in kept}


@dataclass(frozen=True, slots=True)
class _Asker:
    """As much of a request as DRF looks at to say who asks."""

    META: Mapping[str, str]
    headers: Mapping[str, str]


def address_of(request: StreamRequest) -> str:
    """As every rate limit sees it: what the trusted proxies say, of IPv6 the /64."""
    asker = _Asker({"REMOTE_ADDR": request.peer}, request.headers)
    return network_of(cast("Request", asker))


def _is_limited(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False  # a proxy on a Unix socket
    return not (found.is_loopback or found.is_unspecified)  # the /64 of ::1 is ::
