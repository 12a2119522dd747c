"""Writers that hold their transactions open, roll back or are killed, while groups read.

What could go wrong: an event that commits late is skipped by a reader that is already past
its id; a reader sees a number twice or out of order; one user's events change order.
"""

import random
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from core.ids import uuid7
from events.consumer import Consumer
from events.groups import ConsumerGroup
from events.models import Event, GroupCursor, ProcessedEvent
from events.sequencer import run_sequencer
from tests.events.programs import wait_until
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

INSERT = """
INSERT INTO events_event
    (event_id, type, version, audience, user_id, message, data, correlation_id, created_at)
VALUES (%s, 'badge_activated', '1.0.0', 'user', %s, 'm',
    jsonb_build_object('badgeId', %s::text, 'upgradeRequestId', null), 'c', now())
"""
USERS = [UUID(int=number) for number in range(1, 5)]


class HoldingWriter:
    """Each transaction writes some events of one user and stays open for a while.

    The row lock that orders one user's changes in life is played by an advisory lock.
    """

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.committed: list[tuple[UUID, list[UUID]]] = []
        self.lost: list[UUID] = []

    def write(self) -> None:
        for _ in range(15):
            user, ids = self.dice.choice(USERS), [uuid7() for _ in range(self.dice.randint(1, 3))]
            session = psycopg.connect(settings.DATABASE_DIRECT_URL)
            session.execute("SELECT pg_advisory_xact_lock(%s)", [user.int])
            for event_id in ids:
                session.execute(INSERT, [event_id, user, str(event_id)])
                time.sleep(self.dice.random() * 0.02)
            self._end(session, user, ids)

    def _end(self, session: psycopg.Connection, user: UUID, ids: list[UUID]) -> None:
        fate = self.dice.random()
        if fate < 0.7:
            with ORDER[user]:
                session.commit()
                WRITTEN[user] += ids
        else:
            self.lost += ids
            if fate < 0.85:
                session.rollback()
        session.close()  # an open transaction dies with its session


ORDER = {user: threading.Lock() for user in USERS}
WRITTEN: dict[UUID, list[UUID]] = {}


def start(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_groups_read_every_committed_event_once_in_order_while_writers_hold_on() -> None:
    WRITTEN.update({user: [] for user in USERS})
    seen: list[Event] = []
    stop = threading.Event()
    groups = [
        ConsumerGroup("sender", seen.extend, transactional=False, batch_size=4),
        ConsumerGroup("counter", lambda _: None, transactional=True, batch_size=3),
    ]
    loops: list[Callable[[], object]] = [partial(run_sequencer, stop) for _ in range(2)]
    loops += [partial(Consumer(group).run, stop) for group in groups]
    running = [start(loop) for loop in loops]
    writers = [HoldingWriter(seed) for seed in range(8)]
    try:
        for thread in [start(writer.write) for writer in writers]:
            thread.join(PATIENCE)
        total = sum(len(ids) for ids in WRITTEN.values())
        wait_until(lambda: GroupCursor.objects.filter(position=total).count() == 2)
    finally:
        stop.set()
        for thread in running:
            thread.join(PATIENCE)
    assert any(writer.lost for writer in writers)
    assert [event.position for event in seen] == list(range(1, total + 1))
    for user, ids in WRITTEN.items():
        own = [event for event in seen if event.user_id == user]
        assert [event.event_id for event in own] == ids
        assert [event.sequence for event in own] == list(range(1, len(ids) + 1))
    assert ProcessedEvent.objects.filter(group="counter").count() == total
    late = [before.id > after.id for before, after in pairwise(seen)]
    assert any(late), "nothing committed late: the test asks nothing"
