"""What the streams read from the event log: plain queries, run in a database thread."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import connection

from events.models import Event
from realtime.access import TERMINAL_TYPES, UpgradeFeed
from realtime.wire import FeedEvent, from_row

FEEDS_A_QUERY = 200


@dataclass(frozen=True)
class FeedRead:
    """A feed's `head` and its events after the reader's point, as of one moment.

    `reachable` is False when that point is past the head or further behind than the limit;
    then there are no events. `ended` says that the feed's newest event is its last.
    """

    head: int
    events: list[FeedEvent] = field(default_factory=list)
    reachable: bool = True
    ended: bool = False


def read_head() -> int:
    """The last position that is numbered."""
    return Event.objects.head_position()


def read_after(position: int, *, limit: int) -> list[FeedEvent]:
    return [from_row(event) for event in Event.objects.after_position(position)[:limit]]


class UserPoint(NamedTuple):
    """Where a reader of a user's feed stands; `after` None means from now on."""

    user_id: UUID
    after: int | None
    page: int
    """At most so many events, the first ones."""


class _Row(NamedTuple):
    """An event as far as browsers see it: thousands are read at once, and models cost more."""

    position: int
    type: str
    audience: str
    user_id: UUID
    sequence: int
    event_id: UUID
    message: str
    version: str
    correlation_id: str
    created_at: datetime
    data: dict[str, Any]


READ_USERS = """
SELECT r.n, coalesce(h.sequence, 0), e.position, e.type, e.audience, e.user_id, e.sequence,
    e.event_id, e.message, e.version, e.correlation_id, e.created_at, e.data
FROM unnest(%s::int[], %s::uuid[], %s::bigint[], %s::int[]) AS r(n, user_id, after, page)
LEFT JOIN events_user_sequence AS h ON h.user_id = r.user_id
LEFT JOIN LATERAL (
    SELECT * FROM events_event WHERE user_id = r.user_id AND sequence > r.after
    AND h.sequence - r.after BETWEEN 1 AND %s
    ORDER BY sequence LIMIT r.page) AS e ON true
ORDER BY r.n, e.sequence
"""


def read_users(points: Sequence[UserPoint], *, limit: int) -> list[FeedRead]:
    """For each point: the head and what is missing, all in one query.

    More than `limit` missing events are not reachable.
    """
    numbers = list(range(len(points)))
    users, afters, pages = ([point[column] for point in points] for column in range(3))
    heads: dict[int, int] = {}
    found: dict[int, list[FeedEvent]] = {n: [] for n in numbers}
    with connection.cursor() as cursor:
        cursor.execute(READ_USERS, [numbers, users, afters, pages, limit])
        for n, head, *columns, data in cursor:
            heads[n] = head
            if data is not None:
                row = _Row._make([*columns, json.loads(data)])
                found[n].append(from_row(cast("Event", row)))
    return [_user_read(heads[n], point, found[n]) for n, point in enumerate(points)]


def _user_read(head: int, point: UserPoint, events: list[FeedEvent]) -> FeedRead:
    """A user's sequence has no gap, so fewer events than numbers means that some are gone."""
    if point.after is None:
        return FeedRead(head)
    missing = head - point.after
    reachable = missing >= 0 and len(events) == min(missing, point.page)
    return FeedRead(head, events if reachable else [], reachable)


def read_upgrade(feed: UpgradeFeed, *, after: int, limit: int) -> FeedRead:
    head = Event.objects.user_head(feed.user_id)
    # The newest first: an end that is numbered between the two queries is then among the missing.
    newest = Event.objects.for_upgrade(feed.user_id, feed.upgrade_id).last()
    if after > head:
        return FeedRead(head, reachable=False, ended=_is_last(newest))
    found = Event.objects.for_upgrade(feed.user_id, feed.upgrade_id, after=after)[: limit + 1]
    missing = [from_row(event) for event in found]
    if len(missing) > limit:
        return FeedRead(head, reachable=False, ended=_is_last(newest))
    return FeedRead(head, missing, ended=_is_last(missing[-1] if missing else newest))


def _is_last(event: Event | FeedEvent | None) -> bool:
    return event is not None and event.type in TERMINAL_TYPES


def read_system(*, after: int | None, limit: int) -> FeedRead:
    head = Event.objects.head_position()
    if after is None:
        return FeedRead(head)
    missing = [from_row(event) for event in Event.objects.for_admins(after=after)[: limit + 1]]
    if after > head or len(missing) > limit:
        return FeedRead(head, reachable=False)
    return FeedRead(head, missing)


def ping() -> None:
    """Raises django.db.Error when the database does not answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
