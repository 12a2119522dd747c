"""What writer processes do: as fast as it goes, or by a schedule. Times are CLOCK_MONOTONIC."""

import time
from collections.abc import Callable, Iterator
from random import choice
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from bench.events.facts import USERS, BadgeActivated
from core.ids import uuid7
from events.notify import wake_sequencer
from events.services import publish

INSERT = """
INSERT INTO events_event (event_id, type, version, audience, user_id, message, data,
    correlation_id, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
FLOOR_CHANNEL = "bench_floor"


def publish_for(seconds: float) -> float:
    """Transactions a second, with one event each."""
    return _rate(_publish, seconds)


def insert_for(seconds: float) -> float:
    """The same row by a bare INSERT."""
    with open_session() as session:
        return _rate(lambda: _insert(session), seconds)


def publish_by_schedule(begin: float, rate: float, seconds: float) -> dict[UUID, float]:
    """When each event's commit returned, by event id."""
    return dict(_publish() for _ in schedule(begin, rate, seconds))


def insert_by_schedule(begin: float, rate: float, seconds: float) -> dict[UUID, float]:
    """The same by bare INSERTs, which leave the processors to those who are measured."""
    with open_session() as session:
        return dict(_insert_and_wake(session) for _ in schedule(begin, rate, seconds))


def notify_by_schedule(begin: float, rate: float, seconds: float) -> dict[UUID, float]:
    """The floor: a row and its NOTIFY in one transaction."""
    with open_session() as session:
        return dict(_insert_and_notify(session) for _ in schedule(begin, rate, seconds))


def _publish() -> tuple[UUID, float]:
    returned: list[float] = []
    with transaction.atomic():
        # The first callback: what publish() does after the commit is part of the way.
        transaction.on_commit(lambda: returned.append(time.monotonic()))
        event = publish(BadgeActivated(user_id=choice(USERS)))  # noqa: S311
    return event.event_id, returned[0]


def _insert_and_wake(session: psycopg.Connection) -> tuple[UUID, float]:
    event_id = _insert(session)
    committed = time.monotonic()
    wake_sequencer()
    return event_id, committed


def _insert(session: psycopg.Connection) -> UUID:
    event_id = uuid7()
    session.execute(
        INSERT,
        (
            event_id, "badge_activated", "1.0.0", "user", choice(USERS),  # noqa: S311
            "You activated a badge.",
            Jsonb({"badgeId": "early-bird", "upgradeRequestId": None}),
            str(uuid7()), timezone.now(),
        ),
    )  # fmt: skip
    return event_id


def _insert_and_notify(session: psycopg.Connection) -> tuple[UUID, float]:
    row = uuid7()
    with session.transaction():
        session.execute("INSERT INTO bench_floor VALUES (%s, %s)", (row, Jsonb({"badgeId": "x"})))
        session.execute("SELECT pg_notify(%s, %s)", (FLOOR_CHANNEL, str(row)))
    return row, time.monotonic()


def open_session() -> psycopg.Connection:
    return psycopg.connect(settings.DATABASE_DIRECT_URL, autocommit=True, connect_timeout=3)


def _rate(work: Callable[[], object], seconds: float) -> float:
    work()  # connects
    done, began = 0, time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        work()
        done += 1
    return done / passed


def schedule(begin: float, rate: float, seconds: float) -> Iterator[None]:
    """A turn at `begin` and every 1/rate seconds after it, late ones at once."""
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        yield
