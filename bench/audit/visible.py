"""How long after its commit an event stands in the audit log, at a steady rate."""

import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.db import connection

from audit.models import Head
from audit.services.appending import append_pending
from bench.measures import Measure, at_most, percentile
from bench.stand import BenchFailed, Stand

RATE = 1000  # events/s
BURST = 20  # events a transaction: one writer keeps the rate
PATIENCE_SECONDS = 60.0
WRITE = """
INSERT INTO events_event (event_id, type, version, audience, user_id, message, data,
    correlation_id, created_at)
SELECT gen_random_uuid(), 'badge_activated', '1.0.0', 'user', %s, 'm',
    '{"badgeId": "b", "upgradeRequestId": null}', 'bench', clock_timestamp()
FROM generate_series(1, %s) AS n
"""


def visible_measures(stand: Stand, *, rounds: int, quick: bool) -> Iterator[Measure]:
    """With a sequencer, the group and the appender, each in its process."""
    samples: dict[float, list[float]] = {0.5: [], 0.99: []}
    seconds = 1.0 if quick else 10.0
    append_pending()  # what the measures before have left
    with (
        stand.running("manage.py", "sequence"),
        stand.running("manage.py", "audit", "run", log="audit"),
    ):
        _one_round(0.5)  # warms up
        for _ in range(rounds):
            latencies = _one_round(seconds)
            for share, found in samples.items():
                found.append(percentile(latencies, share) * 1000)
    yield Measure(f"record_visible_{RATE}_p50", "ms", samples[0.5])
    yield Measure(f"record_visible_{RATE}_p99", "ms", samples[0.99], limit=at_most(200))


def _one_round(seconds: float) -> list[float]:
    """Writes by a schedule, and watches the head of the log in between."""
    start, begun = _settled(), time.monotonic()
    committed: list[float] = []
    seen: list[float] = []
    total = int(RATE * seconds) // BURST * BURST
    while len(seen) < total:
        now = time.monotonic()
        if now > begun + seconds + PATIENCE_SECONDS:
            raise BenchFailed("Events did not become records in time.")
        if len(committed) < total and now >= begun + len(committed) / RATE:
            with connection.cursor() as cursor:
                cursor.execute(WRITE, [UUID(int=1), BURST])
                cursor.execute("NOTIFY events_appended")
            committed += [time.monotonic()] * BURST
        else:
            time.sleep(0.002)
        arrived = Head.objects.get(id=1).size - start - len(seen)
        seen += [time.monotonic()] * arrived
    return [at - then for at, then in zip(seen, committed, strict=True)]


def _settled() -> int:
    """The size of the log once it grows no more."""
    deadline, before = time.monotonic() + PATIENCE_SECONDS, -1
    while time.monotonic() < deadline:
        size = Head.objects.get(id=1).size
        if size == before:
            return size
        before = size
        time.sleep(timedelta(seconds=0.5).total_seconds())
    raise BenchFailed("The log does not come to rest.")
