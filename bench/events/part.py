"""The whole part, in order."""

from collections.abc import Iterator
from itertools import chain

from django.core.management import call_command
from django.db import connection

from bench.events.effect import make_tables
from bench.events.latency import (
    bridge_measures,
    browser_measures,
    effect_measures,
    effect_measures_of_kafka,
)
from bench.events.plan import Plan
from bench.events.run import Run
from bench.events.throughput import append_measures, reading_measures
from bench.helpers import helpers
from bench.measures import Measure
from bench.stand import Stand

GROUPS = (
    append_measures, browser_measures, bridge_measures,
    effect_measures, effect_measures_of_kafka, reading_measures,
)  # fmt: skip


def measures(stand: Stand, plan: Plan) -> Iterator[Measure]:
    """Each as soon as it is known. Raises BenchFailed."""
    call_command("migrate", verbosity=0)
    make_tables()
    with stand.running("manage.py", "sequence"), helpers(plan.writers + 1) as hands:
        run = Run(stand, plan, hands)
        yield from chain.from_iterable(group(run) for group in GROUPS)


def versions() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return {"PostgreSQL": cursor.fetchone()[0]}
