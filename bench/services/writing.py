"""Events that concern people, of many types, by bare INSERTs: the processors are left to others.

Their ids have the version 8 ("as one likes"), so that an observer tells them from the events that
services publish themselves.
"""

import time
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from bench.events.facts import SAMPLES, rows
from bench.events.writers import INSERT, open_session, schedule
from core.ids import uuid7
from events.models import Event
from events.notify import wake_sequencer
from notifications.kinds import KINDS

TYPES = sorted(SAMPLES.keys() & KINDS.keys())


def is_ours(event_id: UUID) -> bool:
    return event_id.version == 8


def write_by_schedule(begin: float, rate: float, seconds: float) -> dict[UUID, float]:
    """When each event's commit returned, by event id."""
    events = (event for event in rows() if event.type in TYPES)
    with open_session() as session:
        return dict(_write(session, next(events)) for _ in schedule(begin, rate, seconds))


def _write(session: psycopg.Connection, event: Event) -> tuple[UUID, float]:
    event_id = UUID(int=event.event_id.int & ~(0xF << 76) | 8 << 76)
    session.execute(
        INSERT,
        (
            event_id, event.type, event.version, event.audience, event.user_id, event.message,
            Jsonb(_about_another(event.data)), str(uuid7()), event.created_at,
        ),
    )  # fmt: skip
    committed = time.monotonic()
    wake_sequencer()
    return event_id, committed


def _about_another(data: dict[str, object]) -> dict[str, object]:
    """The same about an upgrade and an NFT of their own: no two events meet in one row."""
    fresh = str(uuid4())
    return {name: fresh if name.endswith("Id") and name != "badgeId" else value
            for name, value in data.items()}  # fmt: skip
