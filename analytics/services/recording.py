"""A batch of events becomes facts and sums, in the transaction of the reader."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from analytics.services import standings, tables
from analytics.services.reading import Reading, read
from events.models import Event

COLUMNS = {
    "event_id": "uuid", "position": "bigint", "type": "text", "at": "timestamptz",
    "user_id": "uuid", "request_id": "uuid", "nft_id": "uuid", "level": "integer",
    "badge": "text", "reason": "text", "amount": "numeric", "duration_ms": "bigint",
}  # fmt: skip
INSERT = f"""
INSERT INTO analytics_fact ({", ".join(COLUMNS)})
SELECT * FROM unnest({", ".join(f"%s::{name}[]" for name in COLUMNS.values())})
ON CONFLICT (event_id) DO NOTHING RETURNING event_id
"""  # noqa: S608 - our own names


def record_events(*, events: Sequence[Event], tell_boards: bool = True) -> int:
    """Count each event once, however often it comes; how many were new.

    Nothing depends on the order of the events. `tell_boards` has Redis told of what changed.
    """
    facts = _record_facts([read(event) for event in events])
    if not facts:
        return 0
    tables.member_sums(facts).write()
    tables.journey_sums(facts).write()
    # Before the holdings: who meets another writer at an NFT waits here, and then sees its rows.
    tables.nft_sums(facts).write()
    tables.holding_sums(facts).write()
    changed = _rank(facts)
    if tell_boards:
        standings.note_changes(changed)
    # Rows that everybody writes come last, so that others wait for them briefly.
    tables.minute_sums(facts).write()
    tables.day_sums(facts).write()
    return len(facts)


def _record_facts(readings: Sequence[Reading]) -> list[Reading]:
    by_id = {reading.event_id: reading for reading in readings}
    lines = [[getattr(by_id[key], name) for name in COLUMNS] for key in sorted(by_id)]
    if not lines:
        return []
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [list(values) for values in zip(*lines, strict=True)])
        return [by_id[event_id] for (event_id,) in cursor.fetchall()]


def _rank(facts: Sequence[Reading]) -> set[tuple[str, UUID]]:
    """Write the standings; the boards and members whose standings changed."""
    sums = standings.standing_sums(facts)
    sums.write()
    standings.reach_levels(facts)
    changed = {(board, user_id) for board, _, _, user_id in sums.rows}
    return changed | standings.hold_levels(tables.nft_ids(facts))
