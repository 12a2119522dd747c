"""Events as figures: how many a second of what waits. How soon is a measure of `services`."""

import time
from dataclasses import replace

from django.core.management import call_command

from analytics.handlers import ANALYTICS
from bench.events.facts import fill_log
from bench.events.plan import QUICK, Plan
from bench.events.run import PATIENCE_SECONDS, head, put_at, wait_until_numbered
from bench.measures import Measure, at_least
from bench.stand import BenchFailed, Stand
from events.consumer import Consumer, Turn

GROUP = ANALYTICS.name


def counting_measure(stand: Stand, *, rounds: int, quick: bool) -> Measure:
    """Raises BenchFailed."""
    plan = replace(QUICK if quick else Plan(), rounds=rounds)
    call_command("migrate", verbosity=0)
    with stand.running("manage.py", "sequence"):
        return _throughput(plan)


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
