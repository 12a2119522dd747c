"""One run: start everything, torment it, leave it alone, and compare."""

import random
import sched
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.faults.chaos.cluster import FROM_KAFKA, FROM_LOG, Cluster, wait_until
from tests.faults.chaos.evidence import (
    EVENT_LOG,
    PushListener,
    expected_in,
    read_effects,
    read_log,
    read_topics,
    topics,
)
from tests.faults.chaos.journals import Written
from tests.faults.chaos.plan import Fault, Profile, faults, sleep_of
from tests.faults.chaos.verdict import Comparison, Happened, Logged, compare, log_breaches
from tests.patience import PATIENCE

READING = ("realtime", "kafka", FROM_LOG, FROM_KAFKA)
LATE_SECONDS = 30.0  # for a fault whose victim was away when its moment came
CAUGHT_UP = """
SELECT NOT EXISTS (SELECT FROM events_event WHERE position IS NULL)
    AND count(*) = 4 AND bool_and(g.position = s.position)
FROM events_consumergroup g, events_sequencer s WHERE name = ANY(%s)
"""
STANDING = """
SELECT name, position, owner, stop_reason, (SELECT max(position) FROM events_sequencer)
FROM events_consumergroup ORDER BY name
"""
DEAD = 'SELECT "group", type, error FROM events_deadletter ORDER BY id'
STOPPED = "SELECT name, stop_reason FROM events_consumergroup WHERE stopped_at IS NOT NULL"


@dataclass
class Result:
    """What a run has shown. `breaches` is empty when the promise was kept."""

    seed: int
    profile: Profile
    log: list[Logged] = field(default_factory=list)
    written: Written = field(default_factory=Written)
    writing_seconds: float = 0.0
    hits: Counter[Fault] = field(default_factory=Counter)
    restarts: Counter[str] = field(default_factory=Counter)
    comparisons: list[Comparison] = field(default_factory=list)
    dead_letters: int = 0
    catch_up_seconds: float | None = None  # None: it never did
    breaches: list[str] = field(default_factory=list)


def run(folder: Path, profile: Profile, seed: int, tell: Callable[[str], None]) -> Result:
    """Raises RuntimeError when the servers do not even start."""
    cluster = Cluster(folder, rate=profile.rate, seed=seed, single=profile.single)
    result = Result(seed, profile)
    try:
        tell("Starting PostgreSQL, Redis, Kafka, writers, readers ...")
        cluster.start_servers()
        with closing(PushListener(cluster.redis.url)) as listener:
            cluster.start_readers()
            wait_until(lambda: _all_reading(cluster), "a reader of every group", seconds=PATIENCE)
            _torment(cluster, result, tell)
            _let_it_catch_up(cluster, result, tell)
            _compare(cluster, listener, result)
    finally:
        cluster.stop()
    return result


def _all_reading(cluster: Cluster) -> bool:
    led = "SELECT count(*) FROM events_consumergroup WHERE name = ANY(%s)"
    return cluster.sql(led, list(READING)) == [(len(READING),)]


# --- tormenting


class Torment:
    """Carries the plan out. Everything happens in this thread, which owns the processes."""

    def __init__(self, cluster: Cluster, result: Result, dice: random.Random):
        self._cluster, self._result, self._dice = cluster, result, dice
        self._agenda = sched.scheduler(time.monotonic, time.sleep)
        self._writing = True
        self._until = 0.0

    def run(self) -> None:
        """Returns when writing is over and everything that was killed or frozen is back."""
        self._cluster.start_role("writer")
        wait_until(self._cluster.all_writing, "the writers' first events", seconds=PATIENCE)
        began = time.monotonic()
        self._until = began + self._result.profile.seconds + LATE_SECONDS
        for moment, fault in faults(self._result.profile, self._dice):
            self._agenda.enter(moment, 1, self._strike, (fault,))
        self._agenda.enter(self._result.profile.seconds, 2, self._stop_writing, (began,))
        self._agenda.run()

    def _strike(self, fault: Fault) -> None:
        victim = self._victim(fault)
        if victim is None:  # it is away already
            if time.monotonic() < self._until and (self._writing or fault.role != "writer"):
                self._agenda.enter(0.5, 1, self._strike, (fault,))
            return
        self._result.hits[fault] += 1
        pause = sleep_of(fault, self._dice)
        if fault.freezes:
            self._cluster.freeze(victim)
            self._agenda.enter(pause, 1, self._cluster.thaw, (victim,))
        else:
            self._cluster.kill(victim)
            self._agenda.enter(pause, 1, self._bring_back, (victim,))

    def _victim(self, fault: Fault) -> str | None:
        """Rather the one that works than the one that stands by."""
        if fault.role in ("kafka", "postgres"):
            return fault.role if self._cluster.runs(fault.role) else None
        names = self._cluster.up(fault.role)
        if not names or (fault.role == "writer" and not self._writing):
            return None
        leader = self._cluster.leader(fault.role) if self._dice.random() < 0.8 else None
        return leader or self._dice.choice(names)

    def _bring_back(self, name: str) -> None:
        if self._writing or not name.startswith("writer-"):
            self._cluster.restart(name)

    def _stop_writing(self, began: float) -> None:
        self._writing = False
        self._cluster.stop_role("writer")
        self._result.writing_seconds = time.monotonic() - began


def _torment(cluster: Cluster, result: Result, tell: Callable[[str], None]) -> None:
    profile = result.profile
    tell(f"Writing {profile.rate} events/s for {profile.seconds:.0f} s, with faults ...")
    Torment(cluster, result, random.Random(result.seed)).run()
    result.restarts = cluster.restarts


# --- the end


def _let_it_catch_up(cluster: Cluster, result: Result, tell: Callable[[str], None]) -> None:
    tell("Left alone: catching up ...")
    cluster.await_servers()

    def caught_up() -> bool:
        return cluster.sql(CAUGHT_UP, list(READING)) == [(True,)]

    try:
        result.catch_up_seconds = wait_until(
            caught_up, "every group at the head of the log", seconds=result.profile.patience
        )
    except RuntimeError as error:
        result.breaches.append(f"{error} {cluster.sql(STANDING)}")


def _compare(cluster: Cluster, listener: PushListener, result: Result) -> None:
    result.written = cluster.written()
    with psycopg.connect(cluster.postgres.url, autocommit=True) as session:
        log = result.log = read_log(session)
        all_events = expected_in(EVENT_LOG, log)
        result.comparisons = [
            compare(group, all_events, read_effects(session, group), may_repeat=False)
            for group in (FROM_LOG, FROM_KAFKA)
        ]
    result.comparisons.append(_pushes(log, listener))
    names = topics()
    read = read_topics(cluster.kafka.bootstrap, [*names, f"{EVENT_LOG}.dlq"])
    result.comparisons += [
        compare(name, expected_in(name, log), read[name], may_repeat=True) for name in names
    ]
    dead = cluster.sql(DEAD)
    result.dead_letters = len(dead) + len(read[f"{EVENT_LOG}.dlq"])
    result.breaches += [
        *log_breaches(log, result.written),
        *(breach for comparison in result.comparisons for breach in comparison.breaches),
        *(f"dead letter of {group}: {kind}: {error}" for group, kind, error in dead),
        *(f"dead letters in Kafka: {len(items)}" for items in [read[f"{EVENT_LOG}.dlq"]] if items),
        *(f"{name} is stopped: {reason}" for name, reason in cluster.sql(STOPPED)),
        *cluster.surprises,
        *([f"not listening to the pushes: {listener.failure}"] if listener.failure else []),
    ]


def _pushes(log: list[Logged], listener: PushListener) -> Comparison:
    """One lane: a hub reads positions without looking at users."""
    expected = [Happened("", row.position) for row in log]
    positions = {row.position for row in log}
    with suppress(RuntimeError):  # the comparison says what is missing
        wait_until(
            lambda: bool(listener.failure) or positions <= set(listener.pushed),
            "all pushes", seconds=PATIENCE,
        )  # fmt: skip
    pushed = [Happened("", position) for position in listener.pushed]
    return compare("realtime", expected, pushed, may_repeat=True)
