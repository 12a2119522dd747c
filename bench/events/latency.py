"""How long an event takes from its commit to where it goes, while others keep coming."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar
from uuid import uuid4

from bench.events import observers, writers
from bench.events.acknowledged import FILE, see_acknowledged
from bench.events.observers import Arrivals, Observer
from bench.events.plan import Plan
from bench.events.run import LOG_ONLY, PATIENCE_SECONDS, Run, skip_to_head
from bench.events.straight import send_by_schedule
from bench.measures import Limit, Measure, at_most, percentile
from bench.stand import BenchFailed
from events.kafka.bridge import GROUP as BRIDGE

HEAD_START_SECONDS = 0.3
FLOOR = "a bare INSERT with NOTIFY, heard by LISTEN"


R = TypeVar("R")


@dataclass(frozen=True)
class Way(Generic[R]):
    """Who writes, in how many processes, and who sees it arrive."""

    write: Callable[[float, float, float], Arrivals]  # begin, rate, seconds
    writers: int
    see: Callable[[Path, int, float], R]  # as `observers.Observer`


@dataclass(frozen=True)
class Course:
    """A way beside its baseline, at `rate` events a second."""

    name: str
    rate: int
    own: Way[Arrivals]
    baseline: Way[Arrivals]
    against: str
    p50: Limit | None
    p99: Limit | None


def browser_measures(run: Run) -> Iterator[Measure]:
    """Insert → sequenced → Redis."""
    skip_to_head("realtime")
    plan = run.plan
    own = _published(plan, observers.see_redis)
    slow = Course(
        f"browser_{plan.slow_rate}", plan.slow_rate, own, floor(plan), FLOOR,
        at_most(5), at_most(15),
    )  # fmt: skip
    fast = Course(
        f"browser_{plan.fast_rate}", plan.fast_rate, own, floor(plan), FLOOR, None, at_most(40)
    )
    with run.stand.running("manage.py", "consume", "realtime"):
        yield from course_measures(run, slow)
        yield from course_measures(run, fast)


def bridge_measures(run: Run) -> Iterator[Measure]:
    """Commit → acknowledged by Kafka, then → seen by a reader of committed transactions."""
    run.fresh_topics("ack-")
    skip_to_head(BRIDGE)
    plan, file = run.plan, run.stand.folder / "acknowledged"
    straight = partial(send_by_schedule, file)
    against = "a transactional producer without the log"

    def course(name: str, see: Observer, p50: Limit | None, p99: Limit | None) -> Course:
        own, baseline = Way(writers.insert_by_schedule, 1, see), Way(straight, 1, see)
        return Course(f"{name}_{plan.fast_rate}", plan.fast_rate, own, baseline, against, p50, p99)

    acknowledged = course("kafka_ack", partial(see_acknowledged, file), at_most(10), at_most(50))
    with run.stand.running("-m", "bench.events.acknowledged", env={FILE: str(file)}):
        latencies(run, acknowledged.own, plan.fast_rate, seconds=plan.warm_up)
        yield from course_measures(run, acknowledged)
        yield from course_measures(run, course("kafka_seen", observers.see_kafka, None, None))


def effect_measures(run: Run) -> Iterator[Measure]:
    """Commit → the consumer's commit, with the log as the bus."""
    with _consumer(run, "bench-postgres", LOG_ONLY):
        yield from course_measures(run, _effect(run.plan, "postgres"))


def effect_measures_of_kafka(run: Run) -> Iterator[Measure]:
    """The same with Kafka between: log, bridge, topic, consumer."""
    run.fresh_topics("effect-")
    skip_to_head(BRIDGE)
    with run.stand.running("manage.py", "consume", BRIDGE), _consumer(run, "bench-kafka", {}):
        yield from course_measures(run, _effect(run.plan, "kafka"))


def _consumer(run: Run, name: str, env: Mapping[str, str]) -> AbstractContextManager[None]:
    skip_to_head(name)
    return run.stand.running("-m", "bench.events.effect", name, "500", env=env)


def _effect(plan: Plan, bus: str) -> Course:
    return Course(
        f"effect_{bus}_{plan.fast_rate}", plan.fast_rate,
        _published(plan, partial(observers.see_effects, f"bench-{bus}")),
        floor(plan), FLOOR, None, at_most(200),
    )  # fmt: skip


def _published(plan: Plan, see: Observer) -> Way[Arrivals]:
    return Way(writers.publish_by_schedule, plan.writers, see)


def floor(plan: Plan) -> Way[Arrivals]:
    return Way(writers.notify_by_schedule, plan.writers, observers.see_floor)


def course_measures(run: Run, course: Course) -> Iterator[Measure]:
    """p50 and p99, in turn with the baseline. Raises BenchFailed."""
    own: list[list[float]] = []
    baseline: list[list[float]] = []
    latencies(run, course.own, course.rate, seconds=0.5)  # warms up
    for _ in range(run.plan.rounds):
        own.append(latencies(run, course.own, course.rate))
        baseline.append(latencies(run, course.baseline, course.rate))
    for name, share, limit in (("p50", 0.5, course.p50), ("p99", 0.99, course.p99)):
        yield Measure(
            f"{course.name}_{name}", "ms",
            [percentile(values, share) for values in own],
            [percentile(values, share) for values in baseline],
            course.against, limit,
        )  # fmt: skip


def latencies(
    run: Run, way: Way[Arrivals], rate: float, *, seconds: float | None = None
) -> list[float]:
    """Milliseconds, one an event. Raises BenchFailed when one did not arrive."""
    return since_commit(*observed(run, way, rate, seconds or run.plan.seconds))


def since_commit(sent: Arrivals, seen: Arrivals) -> list[float]:
    """Milliseconds, one an event. Raises BenchFailed when one did not arrive."""
    if missing := sent.keys() - seen.keys():
        raise BenchFailed(f"{len(missing)} of {len(sent)} events did not arrive.")
    return [max(0.0, seen[event_id] - at) * 1000 for event_id, at in sent.items()]


def observed(run: Run, way: Way[R], rate: float, seconds: float) -> tuple[Arrivals, R]:
    """When each event was committed, and what the observer saw."""
    observer, *hands = run.hands[: way.writers + 1]
    share = rate / len(hands)
    count = len(hands) * int(share * seconds)
    ready = run.stand.folder / f"ready-{uuid4()}"
    arriving = observer.begin(way.see, ready, count, seconds + PATIENCE_SECONDS)
    _wait_for(ready, arriving)
    begin = time.monotonic() + HEAD_START_SECONDS
    writing = [
        hand.begin(way.write, begin + number / rate, share, seconds)
        for number, hand in enumerate(hands)
    ]
    sent: Arrivals = {}
    for part in writing:
        sent |= part.result(seconds + PATIENCE_SECONDS)
    return sent, arriving.result(seconds + 2 * PATIENCE_SECONDS)


def _wait_for(ready: Path, observer: Future[R]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ready.exists():
        if observer.done():
            observer.result()  # says why
        if time.monotonic() > deadline:
            raise BenchFailed("An observer did not get ready.")
        time.sleep(0.01)
