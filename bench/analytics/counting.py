"""Events as figures: how soon at 1,000 a second, and how many a second of what waits."""

import time
from dataclasses import replace
from functools import partial

from django.core.management import call_command

from analytics.handlers import ANALYTICS
from bench.events.effect import make_tables
from bench.events.facts import fill_log
from bench.events.latency import FLOOR, Course, Way, course_measures, floor
from bench.events.observers import see_effects
from bench.events.plan import QUICK, Plan
from bench.events.run import PATIENCE_SECONDS, Run, head, put_at, skip_to_head, wait_until_numbered
from bench.events.writers import publish_by_schedule
from bench.helpers import helpers
from bench.measures import Measure, at_least, at_most
from bench.stand import BenchFailed, Stand
from events.consumer import Consumer, Turn

GROUP = ANALYTICS.name


def counting_measures(stand: Stand, *, rounds: int, quick: bool) -> list[Measure]:
    """Raises BenchFailed."""
    plan = replace(QUICK if quick else Plan(), rounds=rounds)
    call_command("migrate", verbosity=0)
    make_tables()
    with stand.running("manage.py", "sequence"), helpers(plan.writers + 1) as hands:
        run = Run(stand, plan, hands)
        skip_to_head(GROUP)
        course = Course(
            f"event_counted_{plan.fast_rate}", plan.fast_rate,
            Way(publish_by_schedule, plan.writers, partial(see_effects, GROUP)),
            floor(plan), FLOOR, None, at_most(200),
        )  # fmt: skip
        with stand.running("manage.py", "consume", GROUP):
            latencies = list(course_measures(run, course))
        return [*latencies, _throughput(plan)]


def _throughput(plan: Plan) -> Measure:
    own, single = [], []
    for _ in range(plan.rounds):
        own.append(_drain(plan.events, batch=ANALYTICS.batch_size))
        single.append(_drain(plan.single, batch=1))
    return Measure(
        "events_counted", "events/s", own, single, "one event a transaction", at_least(1_000)
    )


def _drain(count: int, *, batch: int) -> float:
    wait_until_numbered()
    start = head()
    fill_log(count)
    wait_until_numbered()
    put_at(GROUP, start)
    consumer, began = Consumer(replace(ANALYTICS, batch_size=batch)), time.perf_counter()
    try:
        while consumer.step() is Turn.WORKED:
            if time.perf_counter() - began > PATIENCE_SECONDS:
                raise BenchFailed("The events were not counted in time.")
    finally:
        consumer.release()
    return count / (time.perf_counter() - began)
