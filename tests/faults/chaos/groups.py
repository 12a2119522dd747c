"""A process with the proof's own consumer groups, and otherwise `manage.py`.

Their effect is a row for each event, with a number that grows: what happened twice, not at all
or in another order can be seen.
"""

import sys
from collections.abc import Callable

from django.core.management import call_command
from django.db import connection

from events.groups import ConsumerGroup, register
from events.models import Event
from tests.faults.chaos.cluster import FROM_KAFKA, FROM_LOG

BATCH = 100

INSERT = """
INSERT INTO faults_effect ("group", lane, event_id)
SELECT %s, * FROM unnest(%s::text[], %s::uuid[])
"""


def lane_of(event: Event) -> str:
    """Order is promised within a lane: a user, or what an event of no user is about."""
    return str(event.user_id or event.aggregate_id or event.event_id)


def leave_effects(group: str) -> Callable[[list[Event]], None]:
    """Handled twice, an event leaves two rows."""

    def handle(events: list[Event]) -> None:
        lanes, ids = [lane_of(event) for event in events], [event.event_id for event in events]
        with connection.cursor() as cursor:
            cursor.execute(INSERT, [group, lanes, ids])

    return handle


def main() -> None:
    for name in (FROM_LOG, FROM_KAFKA):
        register(ConsumerGroup(name, leave_effects(name), transactional=True, batch_size=BATCH))
    call_command(*sys.argv[1:])
