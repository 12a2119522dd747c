"""Taking a group from its reader for a moment, so that an operator's work meets no other."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from core.errors import Conflict
from events.models import OPERATOR, GroupCursor, Lease

HOLD = timedelta(seconds=20)


@contextmanager
def held(group: str) -> Iterator[Lease]:
    """Hold the group for `HOLD`, which `GroupCursor.objects.renew()` prolongs.

    The reader's batch in progress is rolled back (or sent again); it comes back by itself
    within a second. Raises Conflict while another operator holds the group.
    """
    owner = f"{OPERATOR}{socket.gethostname()[:60]}:{os.getpid()}"
    lease = GroupCursor.objects.seize(group, owner=owner, lease_for=HOLD)
    if lease is None:
        raise Conflict("GROUP_BUSY", f"Somebody else redrives or replays {group}; try again.")
    try:
        yield lease
    finally:
        GroupCursor.objects.release(lease)
