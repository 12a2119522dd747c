"""How much the log takes in, and how fast bridge and consumers work off what is there."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial

from django.db import connection

from bench.events import writers
from bench.events.effect import effects
from bench.events.facts import fill_log
from bench.events.run import LOG_ONLY, PATIENCE_SECONDS, Run, head, put_at, wait_until_numbered
from bench.events.straight import drain_straight
from bench.measures import Measure, at_least
from bench.stand import BenchFailed
from events.kafka.bridge import GROUP as BRIDGE
from events.models import GroupCursor

LOOK_SECONDS = 0.02


def append_measures(run: Run) -> Iterator[Measure]:
    """With a sequencer at work, as in production."""
    plan, hands = run.plan, run.hands[: run.plan.writers]
    own, bare = [], []
    for _ in range(plan.rounds):
        own.append(_sum([hand.begin(writers.publish_for, plan.seconds) for hand in hands]))
        bare.append(_sum([hand.begin(writers.insert_for, plan.seconds) for hand in hands]))
    yield Measure(
        f"append_{plan.writers}_writers", "transactions/s", own, bare,
        "the same row by a bare INSERT of psycopg", at_least(2_000),
    )  # fmt: skip


def reading_measures(run: Run) -> Iterator[Measure]:
    """The bridge, then consumers on both buses, over the same events."""
    samples: defaultdict[str, list[float]] = defaultdict(list)
    wait_until_numbered()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE events_event")
    start = head()
    fill_log(run.plan.events)
    wait_until_numbered()
    for number in range(run.plan.rounds):
        for name, value in _reading_round(run, f"r{number}", start):
            samples[name].append(value)
    yield Measure(
        "kafka_drain", "events/s", samples["drain"], samples["straight"],
        "librdkafka's producer with ready-made messages", at_least(15_000),
    )  # fmt: skip
    for bus in ("postgres", "kafka"):
        yield Measure(
            f"consumer_{bus}", "events/s", samples[bus], samples[f"{bus} single"],
            "one event a transaction", at_least(10_000),
        )  # fmt: skip


def _reading_round(run: Run, name: str, start: int) -> Iterator[tuple[str, float]]:
    plan = run.plan
    run.fresh_topics(f"{name}-")
    put_at(BRIDGE, start)
    with run.stand.running("manage.py", "consume", BRIDGE):
        yield "drain", _rate(lambda: max(0, _position(BRIDGE) - start), plan.events)
    for label, batch, count, env in (
        ("postgres", 500, plan.events, LOG_ONLY),
        ("postgres single", 1, plan.single, LOG_ONLY),
        ("kafka", 500, plan.events, {}),
        ("kafka single", 1, plan.single, {}),
    ):
        consumer = f"{name}-{label.replace(' ', '-')}"
        with run.stand.running("-m", "bench.events.effect", consumer, str(batch), env=env):
            yield label, _rate(partial(effects, consumer), count)
    yield "straight", run.hands[0].begin(drain_straight, plan.events).result(PATIENCE_SECONDS)


def _rate(progress: Callable[[], int], target: int) -> float:
    """Events a second from the first one seen done. Raises BenchFailed when it takes too long."""
    began = time.monotonic()
    while not (first := progress()):
        _look_again(began)
    seen_at = time.monotonic()
    if first >= target:  # too few to tell the start from the work
        return first / (seen_at - began)
    while (done := progress()) < target:
        _look_again(began)
    return (done - first) / (time.monotonic() - seen_at)


def _look_again(began: float) -> None:
    if time.monotonic() - began > PATIENCE_SECONDS:
        raise BenchFailed("The events were not worked off in time.")
    time.sleep(LOOK_SECONDS)


def _position(group: str) -> int:
    return GroupCursor.objects.filter(name=group).values_list("position", flat=True).first() or 0


def _sum(parts: list[Future[float]]) -> float:
    return sum(part.result(PATIENCE_SECONDS) for part in parts)
