"""Gives committed events their place in the log.

Ids are drawn before a transaction commits, so a reader with a cursor on ids skips what
commits late. Here committed rows are numbered one batch at a time instead, and readers
follow the numbers. Any number of sequencers may run; a transaction lock lets one work.
"""

import logging
import threading
import time

from django.db import Error, close_old_connections, connection, connections, transaction

from events.notify import APPENDED, AWAKE_SECONDS, Listener, backoff

logger = logging.getLogger(__name__)

BATCH = 1000
BUSY_POLL_SECONDS = 0.05
IDLE_POLL_SECONDS = 0.5
BUSY_FOR_SECONDS = 2.0
AWAKE_POLL_SECONDS = 0.005
# A batch costs nearly the same for one event as for ten, here and in every reader that it
# wakes. So events that come one by one are numbered at once, and those that come faster
# together: each waits 3 ms at most.
GATHER_SECONDS = 0.003

LOCK = 0x61697733  # "aiw3", the key of the advisory lock

# A sequencer that is frozen here would hold up the whole log: the server ends it after 2 s.
# Without bitmap scans: rows leave the index of the unnumbered as soon as they are in it, and only
# a plain scan remembers which of its entries are dead. Measured after 60,000 events without a
# vacuum: 2.2 ms a batch with a bitmap scan, growing with each event, and 0.1 ms without.
TAKE_THE_LOCK = """
SELECT pg_try_advisory_xact_lock(%s)
FROM set_config('idle_in_transaction_session_timeout', '2000', true) AS timeout,
    set_config('enable_bitmapscan', 'off', true) AS scan
"""

NUMBER_A_BATCH = """
WITH batch AS (
    SELECT id, user_id, audience = 'user' AS personal
    FROM events_event WHERE position IS NULL ORDER BY id LIMIT %s
), head AS (
    INSERT INTO events_sequencer AS s (id, position)
    SELECT 1, count(*) FROM batch HAVING count(*) > 0
    ON CONFLICT (id) DO UPDATE SET position = s.position + excluded.position
    RETURNING position
), feed AS (
    INSERT INTO events_user_sequence AS u (user_id, sequence)
    SELECT user_id, count(*) FROM batch WHERE personal GROUP BY user_id
    ON CONFLICT (user_id) DO UPDATE SET sequence = u.sequence + excluded.sequence
    RETURNING user_id, sequence
), place AS (
    SELECT batch.id,
        head.position - (count(*) OVER ()) + (row_number() OVER (ORDER BY batch.id)) AS position,
        CASE WHEN personal THEN feed.sequence
            - (count(*) OVER (PARTITION BY personal, batch.user_id))
            + (row_number() OVER (PARTITION BY personal, batch.user_id ORDER BY batch.id))
        END AS sequence
    FROM batch CROSS JOIN head LEFT JOIN feed ON personal AND feed.user_id = batch.user_id
), numbered AS (
    UPDATE events_event AS e SET position = place.position, sequence = place.sequence
    FROM place WHERE e.id = place.id
    RETURNING e.id
)
SELECT count(*), CASE WHEN count(*) > 0 THEN pg_notify('events_numbered', '') END FROM numbered
"""  # events_numbered is NUMBERED


def number_batch(*, limit: int = BATCH) -> int:
    """Number up to `limit` committed events, oldest id first; return how many.

    0 also while another sequencer is at work: the lock is tried, not awaited, so that one
    that hangs cannot hang the others.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(TAKE_THE_LOCK, [LOCK])
        if cursor.fetchone() != (True,):
            return 0
        # A statement of its own: its snapshot must be younger than the lock.
        cursor.execute(NUMBER_A_BATCH, [limit])
        numbered: int = cursor.fetchone()[0]
        return numbered


def number_pending() -> int:
    """Number everything that is committed now; return how many. For tests and scripts."""
    total = 0
    while numbered := number_batch():
        total += numbered
    return total


def run_sequencer(stop: threading.Event) -> None:
    """Number events until `stop`; survives a database that goes away and comes back."""
    listener = Listener(APPENDED)
    numbered_at, failures = -BUSY_FOR_SECONDS, 0
    try:
        while not stop.is_set():
            began = time.monotonic()
            try:
                numbered = number_batch()
                failures = 0
            except Error as error:
                failures += 1
                logger.warning("Sequencer waits for the database: %s", type(error).__name__)
                close_old_connections()
                stop.wait(backoff(failures))
                continue
            now = time.monotonic()
            if numbered:
                numbered_at = now
            if 1 < numbered < BATCH:
                stop.wait(began + GATHER_SECONDS - now)
            if numbered < BATCH:  # what was committed since then has sent its own wake-up
                listener.wait(_pause(now - numbered_at))
    finally:
        listener.close()
        connections.close_all()


def _pause(idle: float) -> float:
    """Seconds until the log is looked at unasked, `idle` seconds after there was something."""
    if idle < AWAKE_SECONDS:
        return AWAKE_POLL_SECONDS
    return BUSY_POLL_SECONDS if idle < BUSY_FOR_SECONDS else IDLE_POLL_SECONDS
