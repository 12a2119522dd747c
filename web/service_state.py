"""How the service does, for the status page: from readiness and the event log's lag."""

from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError

from events.status import group_statuses, unnumbered
from nft.models import UpgradeRequest, UpgradeStatus
from realtime.health import database_answers, streams_hear

FEED = "realtime"  # the group that brings events to browsers
LATE_SECONDS = 10.0


@dataclass(frozen=True)
class ServiceState:
    """`lag_seconds` is how far the live feed is behind; None where it cannot be asked."""

    database: bool
    streams: bool
    lag_seconds: float | None
    running: int
    delayed: int

    @property
    def feed(self) -> bool:
        return self.lag_seconds is not None and self.lag_seconds < LATE_SECONDS

    @property
    def mints(self) -> bool:
        return self.database and not self.delayed

    @property
    def all_is_well(self) -> bool:
        return self.database and self.streams and self.feed and self.mints


def service_state(*, now: datetime) -> ServiceState:
    streams = streams_hear()
    if not database_answers():
        return ServiceState(False, streams, None, 0, 0)
    try:
        (feed,) = group_statuses(names=[FEED], now=now)
        lag = (feed.lag_seconds or 0.0) + unnumbered(now=now)[1]
        delayed = UpgradeRequest.objects.filter(status=UpgradeStatus.MINT_FAILED).count()
        return ServiceState(True, streams, lag, UpgradeRequest.objects.open().count(), delayed)
    except DatabaseError:
        return ServiceState(False, streams, None, 0, 0)
