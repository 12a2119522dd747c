"""When events become visible: as a figure, in an inbox, as a record."""

import time
from pathlib import Path
from typing import Any

from django.db import connection

from bench.events.observers import Arrivals, patiently
from bench.services.writing import is_ours

# Rows that commit together with the effect, in the order of their commits.
# By its key, from where we were: a table that just grew has no statistics, and would be read whole.
OF_GROUP = """
WITH fresh AS MATERIALIZED (
    SELECT * FROM events_processedevent WHERE id > %s ORDER BY id LIMIT 20000
)
SELECT id, event_id FROM fresh WHERE "group" = '{}' ORDER BY id
"""
LOOKS = {
    "analytics": OF_GROUP.format("analytics"),
    "notifications": OF_GROUP.format("notifications"),
    "audit": "SELECT index, event FROM audit.record WHERE index > %s ORDER BY index",
}
POLL_SECONDS = 0.01
LASTS = "SELECT coalesce(max(id), 0), (SELECT size - 1 FROM audit.head) FROM events_processedevent"


def see_services(ready: Path, count: int, patience: float) -> dict[str, Arrivals]:
    """By service; looked for every 10 ms."""
    found: dict[str, Arrivals] = {service: {} for service in LOOKS}
    with connection.cursor() as cursor:
        cursor.execute(LASTS)
        processed, recorded = cursor.fetchone()
        lasts = {"analytics": processed, "notifications": processed, "audit": recorded}
        ready.touch()
        for _ in patiently(lambda: min(map(len, found.values())) < count, patience):
            for service, look in LOOKS.items():
                lasts[service] = _look(cursor, look, lasts[service], found[service])
            time.sleep(POLL_SECONDS)
    return found


def _look(cursor: Any, look: str, last: int, found: Arrivals) -> int:
    """Adds what is new; returns the last place."""
    cursor.execute(look, [last])
    now = time.monotonic()
    for last, event_id in cursor.fetchall():  # noqa: B007 - the last one is kept
        if event_id is not None and is_ours(event_id):
            found[event_id] = now
    return last
