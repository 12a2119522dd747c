"""Taking a group from its reader for a moment, so that an operator's work meets no other."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from core.errors import Conflict
from events.models import OPERATOR, GroupCursor, Lease

HOLD = timedelta(seconds=20)


@contextmanager
def held(group: str, *, wait_ms: int = 5000) -> Iterator[Lease]:
    """Hold the group for `HOLD`, which `GroupCursor.objects.renew()` prolongs.

    The reader's batch in progress is rolled back (or sent again); it comes back by itself
    within a second. Raises Conflict while another operator holds the group, or when its
    readers on Kafka do not end their batches within `wait_ms`.
    """
    owner = f"{OPERATOR}{socket.gethostname()[:60]}:{os.getpid()}"
    try:
        lease = GroupCursor.objects.seize(group, owner=owner, lease_for=HOLD, wait_ms=wait_ms)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        lease = None
    if lease is None:
        raise Conflict("GROUP_BUSY", f"Somebody else redrives or replays {group}; try again.")
    try:
        yield lease
    finally:
        GroupCursor.objects.release(lease)
