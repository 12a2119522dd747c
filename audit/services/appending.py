"""The appender: what waits gets its place in the log, a batch at a time.

Any number may run; a transaction lock lets one work. Killed anywhere, it leaves either the
whole batch or nothing of it.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error, close_old_connections, connection, connections, transaction
from django.db.models import Max, Q
from django.utils import timezone

from audit.leaves import FIELDS, Leaf, Values, canonical, make_leaf, moment
from audit.merkle import CHUNK, Frontier
from audit.models import Head, Pending, Record
from audit.services.checkpoints import sign_when_due
from audit.services.forgetting import erase_late
from core.errors import Unavailable
from events.notify import backoff

logger = logging.getLogger(__name__)

BATCH = 1000
LOCK = 0x6175646974  # the advisory lock: “audit”
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 300.0
SIGN_SECONDS = 0.5  # between two looks whether a checkpoint is due
IN_JSON = ("before", "after")
IDS = ("subject", "event")
AS_SPELLED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
AN_ID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
NO_EVENTS = ("row", "audit")  # sources, none of whose notes is ever passed over

TAKE_THE_LOCK = """
SELECT pg_try_advisory_xact_lock(%s)
FROM set_config('idle_in_transaction_session_timeout', '5000', true)
"""
# As text: numbers are kept digit by digit, as strings, and not as the nearest float.
PENDING = "SELECT id, noted_at, noted::text FROM audit.pending ORDER BY id LIMIT %s"
APPEND = "SELECT audit.append(%s, %s::jsonb, %s::jsonb, %s, %s)"


def append_batch(*, limit: int = BATCH) -> int:
    """Append up to `limit` pending notes, oldest first; return how many were taken.

    0 also while another appender is at work. An event that has its record is only dropped.
    """
    if not Pending.objects.exists():
        return 0
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(TAKE_THE_LOCK, [LOCK])
        if cursor.fetchone() != (True,):
            return 0
        # A statement of its own: its snapshot must be younger than the lock.
        cursor.execute(PENDING, [limit])
        pending = cursor.fetchall()
        if pending:
            frontier = Head.objects.get(id=1).load()
            size, chunks = frontier.size, list[dict[str, Any]]()
            values = {row_id: _values_of(noted, noted_at) for row_id, noted_at, noted in pending}
            records = [
                {**_extend(frontier, chunks, values[row_id]), "note": row_id}
                for row_id in _unseen(values)
            ]
            cursor.execute(
                APPEND,
                [size, json.dumps(records), json.dumps(chunks), frontier.dump(), list(values)],
            )
            erase_late(subjects=_told_of(values.values()), first=size)
        return len(pending)


def append_pending() -> int:
    """See that all that is committed now has its place; how much was appended here.

    With the records that explain gaps, so that what is exported next verifies. Also while
    another appender is at work. Raises Unavailable when that takes too long.
    """
    total, deadline = 0, time.monotonic() + PATIENCE_SECONDS
    last = Pending.objects.aggregate(last=Max("id"))["last"]
    mine = Q(id__lte=last) if last is not None else Q(pk__in=[])
    while Pending.objects.filter(mine | Q(noted__what="audit.erased")).exists():
        appended = append_batch()
        total += appended
        if time.monotonic() > deadline:
            raise Unavailable("AUDIT_BUSY", "The audit log has much to append. Try again later.")
        if not appended:
            time.sleep(POLL_SECONDS)
    return total


def _unseen(values: Mapping[int, Values]) -> list[int]:
    """The notes that become records: of each event one, and none of what has a record."""
    seen = Record.objects.events_among({it["event"] for it in values.values() if it["event"]})
    fresh = []
    for row_id, it in values.items():
        if it["event"] not in seen:
            fresh.append(row_id)
        if it["event"] is not None:
            seen.add(it["event"])
    return fresh


def _told_of(values: Iterable[Values]) -> set[str]:
    """The people whose events these are."""
    return {it["subject"] for it in values if it["source"] == "event" and it["subject"]}


def _values_of(text: str, noted_at: datetime) -> Values:
    noted, values = json.loads(text, parse_float=str), dict[str, str | None]()
    for name in FIELDS:
        value = noted.get(name)
        values[name] = canonical(value) if value is not None and name in IN_JSON else value
    for name in IDS:
        values[name] = _id(values[name])
    if values["source"] in NO_EVENTS:
        values["event"] = None
    values["at"] = values["at"] or moment(noted_at)
    return values


def _id(text: str | None) -> str | None:
    """As the database spells it, because that is what is exported and must open its commitment.

    A note that names no id is recorded without: it must not stop those behind it.
    """
    if text is None or AS_SPELLED.fullmatch(text):
        return text
    if AN_ID.fullmatch(text):
        return str(UUID(text))
    logger.warning("A note has something else in the place of an id")
    return None


def _extend(frontier: Frontier, chunks: list[dict[str, Any]], values: Values) -> dict[str, Any]:
    """The record as `audit.append` takes it."""
    leaf: Leaf = make_leaf(values)
    chunk = frontier.append(leaf.hash)
    if chunk is not None:
        chunks.append({"index": frontier.size // CHUNK - 1, "hash": chunk.hex()})
    return {
        **values,
        "salts": b"".join(leaf.salts).hex(),
        "commitments": leaf.commitments.hex(),
        "leaf": leaf.hash.hex(),
    }


def run_appender(stop: threading.Event) -> None:
    """Append and sign until `stop`; survives a database that goes away and comes back."""
    failures, signed_at = 0, 0.0
    try:
        while not stop.is_set():
            began = time.monotonic()
            try:
                appended = append_batch()
                if began - signed_at > SIGN_SECONDS:
                    sign_when_due(now=timezone.now(), every=settings.AUDIT_CHECKPOINT_EVERY)
                    signed_at = began
                failures = 0
            except Error as error:
                failures += 1
                logger.warning("The appender waits for the database: %s", type(error).__name__)
                close_old_connections()
                stop.wait(backoff(failures))
                continue
            if appended < BATCH:
                stop.wait(max(0.0, began + POLL_SECONDS - time.monotonic()))
    finally:
        connections.close_all()
