"""What a helper process publishes, on the pusher's behalf and as it would, by a schedule.

The events are in the log before: a hub that missed one would read it there, ahead of its time,
and the run would notice.
"""

import time
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from badges.events import BadgeActivated
from core.ids import uuid7
from core.redis import redis_client
from events.catalogue import schema_for
from events.models import Event
from events.sequencer import number_pending
from events.services import publish
from nft.events import RequestStuck
from realtime.pusher import push_head
from realtime.wire import encode_event, from_row

CHUNK = 1000


def commit_user_events(users: Sequence[UUID], rate: float) -> dict[UUID, float]:
    """As a service does, one for each of `users`: when its commit returned, by event id."""
    begin = time.monotonic() + 0.1
    committed = {}
    for number, user in enumerate(users):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        event_id, at = _commit(user)
        committed[event_id] = at
    return committed


def publish_user_events(channel: str, users: Sequence[UUID], rate: float) -> dict[UUID, float]:
    """One for each of `users`: when it was published (CLOCK_MONOTONIC), by event id."""
    return _publish(channel, [_badge(user) for user in users], rate)


def publish_broadcasts(channel: str, count: int, rate: float) -> dict[UUID, float]:
    """The same with system operations, which every reader of that feed gets."""
    return _publish(channel, [_stuck() for _ in range(count)], rate)


def write_for_all(users: Sequence[UUID], each: int) -> None:
    """`each` numbered events a user, that nobody is told about."""
    _write([_badge(user) for _ in range(each) for user in users])


def _commit(user: UUID) -> tuple[UUID, float]:
    returned: list[float] = []
    with transaction.atomic():
        # The first callback: what publish() does after the commit is part of the way.
        transaction.on_commit(lambda: returned.append(time.monotonic()))
        event = publish(BadgeActivated(user_id=user, badge_id="early-bird"))
    return event.event_id, returned[0]


def _publish(channel: str, rows: list[Event], rate: float) -> dict[UUID, float]:
    messages = _write(rows)
    client = redis_client()
    begin = time.monotonic() + 0.1
    published = {}
    for number, (event_id, message) in enumerate(messages):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        published[event_id] = time.monotonic()
        client.publish(channel, message)
    return published


def _write(rows: list[Event]) -> list[tuple[UUID, bytes]]:
    """As messages, in order. A hub that hears the old head meanwhile does not look for them."""
    head = Event.objects.head_position()
    for start in range(0, len(rows), CHUNK):
        Event.objects.bulk_create(rows[start : start + CHUNK])
        push_head(head)
    number_pending()
    written = Event.objects.after_position(head).iterator()
    return [(event.event_id, encode_event(from_row(event))) for event in written]


def _badge(user: UUID) -> Event:
    return _row("badge_activated", {"badgeId": "early-bird", "upgradeRequestId": None}, user)


def _stuck() -> Event:
    fact = RequestStuck(
        aggregate_id=uuid7(), upgrade_request_id=uuid7(), status="minting", stuck_seconds=60,
        reason="This is a benchmark.",
    )  # fmt: skip
    return _row(fact.event_type, fact.data(), None)


def _row(event_type: str, data: dict[str, object], user: UUID | None) -> Event:
    schema = schema_for(event_type)
    schema.check(data)
    return Event(
        type=event_type, version=schema.version, audience=schema.audience, user_id=user,
        message="You activated a badge.", data=data, correlation_id=str(uuid7()),
        created_at=timezone.now(),
    )  # fmt: skip
