"""Whether everything goes when the readers go, however often they come."""

import time
from pathlib import Path

from django.conf import settings

from bench.measures import Measure, at_most
from bench.realtime.crowd import crowd
from bench.realtime.people import USER_FEED, People
from bench.realtime.plan import Plan
from bench.realtime.processes import memory_kib
from bench.realtime.servers import State, our_server, states
from bench.stand import Stand

GONE_SECONDS = 30.0


def comings_and_goings(stand: Stand, plan: Plan, people: People, program: Path) -> list[Measure]:
    """Raises BenchFailed."""
    left, threads, memory = [], [], []
    with our_server(stand, plan) as server, crowd(program, server, stand.folder) as readers:
        requests = people.by_token(USER_FEED)
        for number in range(plan.comings_and_goings + 1):  # the first one warms up
            readers.open(requests)
            readers.close()
            if number == 0:
                before = _after_the_last(stand, None)
            else:
                after = _after_the_last(stand, before)
                left.append(_left(before, after))
                threads.append(_threads(after) - _threads(before))
            memory.append(memory_kib(server.pid))
    growth = (memory[-1] - memory[0]) / 1024
    return [
        Measure("left_behind", "streams, subscriptions, tasks", left, limit=at_most(0)),
        # The pools of database threads fill up once, each when it is first busy.
        Measure(
            "more_threads",
            "threads",
            threads,
            limit=at_most(plan.workers * settings.STREAM_SIGN_IN_THREADS),
        ),
        Measure(f"memory_growth_in_{plan.comings_and_goings}_rounds", "MiB", [growth]),
    ]


def _after_the_last(stand: Stand, before: list[State] | None) -> list[State]:
    """As soon as nothing is left, or when the time is over."""
    deadline = time.monotonic() + GONE_SECONDS
    while True:
        time.sleep(0.2)
        now = states(stand)
        if _left(before or now, now) == 0 or time.monotonic() > deadline:
            return now


def _left(before: list[State], now: list[State]) -> float:
    """What there is too much of, over all processes."""
    streams = sum(state.streams + state.subscriptions for state in now)
    tasks = sum(state.tasks for state in now) - sum(state.tasks for state in before)
    return streams + max(0, tasks)


def _threads(now: list[State]) -> float:
    return sum(state.threads for state in now)
