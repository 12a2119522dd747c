"""How long an event takes to its readers, and what that costs the server."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import cycle, islice
from random import sample
from uuid import UUID

from bench.helpers import Helper
from bench.measures import percentile
from bench.realtime import publisher
from bench.realtime.crowd import Crowd
from bench.realtime.plan import Plan
from bench.realtime.processes import cpu_seconds
from bench.realtime.servers import Server
from bench.stand import BenchFailed

PATIENCE_SECONDS = 60.0
WARM_UP_SECONDS = 0.5

Departures = dict[UUID, float]


@dataclass(frozen=True)
class Delivery:
    """`milliseconds` of each arrival; `cpu` in seconds of the server's processes."""

    milliseconds: list[float]
    lost: int
    cpu: float

    def percentile(self, share: float) -> float:
        return percentile(self.milliseconds, share)


def from_commit(
    server: Server, crowd: Crowd, writer: Helper, users: Sequence[UUID], plan: Plan
) -> Delivery:
    """Commit to bytes at the client, through sequencer, log and Redis."""

    def write(chosen: list[UUID]) -> "Future[Departures]":
        return writer.begin(publisher.commit_user_events, chosen, plan.rate)

    return _to_users(server, crowd, users, plan, write)


def from_publish(
    server: Server, crowd: Crowd, writer: Helper, users: Sequence[UUID], plan: Plan
) -> Delivery:
    """Redis publish to bytes at the client."""

    def write(chosen: list[UUID]) -> "Future[Departures]":
        return writer.begin(publisher.publish_user_events, server.channel, chosen, plan.rate)

    return _to_users(server, crowd, users, plan, write)


def to_all(server: Server, crowd: Crowd, writer: Helper, plan: Plan) -> Delivery:
    """Redis publish to bytes at every one of the clients."""
    writing = writer.begin(
        publisher.publish_broadcasts, server.channel, plan.broadcasts, 1 / plan.broadcast_every
    )
    crowd.record()
    cpu = cpu_seconds(server.pid)
    sent = writing.result(PATIENCE_SECONDS + plan.broadcasts * plan.broadcast_every)
    return _delivery(server, crowd, sent, len(sent) * plan.connections, cpu)


def _to_users(
    server: Server, crowd: Crowd, users: Sequence[UUID], plan: Plan,
    write: Callable[[list[UUID]], "Future[Departures]"],
) -> Delivery:  # fmt: skip
    everybody = sample(users, len(users))
    for seconds in (WARM_UP_SECONDS, plan.seconds):
        crowd.record()
        cpu = cpu_seconds(server.pid)
        chosen = list(islice(cycle(everybody), int(plan.rate * seconds)))
        sent = write(chosen).result(PATIENCE_SECONDS + seconds)
        found = _delivery(server, crowd, sent, len(sent), cpu)
    return found


def _delivery(
    server: Server, crowd: Crowd, sent: Departures, expected: int, cpu: float
) -> Delivery:
    """Raises BenchFailed when an event arrived by another way than the one that is timed."""
    seen = crowd.arrivals(expected, patience=PATIENCE_SECONDS)
    used = cpu_seconds(server.pid) - cpu
    taken = [(at - sent[event_id]) * 1000 for event_id in sent for at in seen.get(event_id, ())]
    if taken and min(taken) < -1:
        raise BenchFailed("A server read an event from the log before it was published.")
    return Delivery(taken, expected - len(taken), used)
