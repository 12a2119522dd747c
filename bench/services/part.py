"""All three at work on the same events, as the Procfile starts them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from django.core.management import call_command

from bench.events.effect import make_tables
from bench.events.latency import FLOOR, Way, floor, latencies, observed, since_commit
from bench.events.plan import QUICK, Plan
from bench.events.run import Run
from bench.helpers import helpers
from bench.measures import Measure, at_most, percentile
from bench.services.seeing import LOOKS, see_services
from bench.services.writing import write_by_schedule
from bench.stand import Stand

PROCESSES = {
    "sequence": ("sequence",),
    "services": ("consume", "analytics", "notifications"),
    "audit": ("audit", "run"),
}
SHARES = (("p50", 0.5, None), ("p99", 0.99, at_most(200)))


def measures(stand: Stand, *, rounds: int, quick: bool) -> Iterator[Measure]:
    """Commit → visible in each of the three. Raises BenchFailed."""
    plan = replace(QUICK if quick else Plan(seconds=10), rounds=rounds, writers=1)
    call_command("migrate", verbosity=0)
    make_tables()
    with helpers(plan.writers + 1) as hands, ExitStack() as stack:
        for name, command in PROCESSES.items():
            stack.enter_context(stand.running("manage.py", *command, log=name))
        yield from _measured(Run(stand, plan, hands))


def _measured(run: Run) -> Iterator[Measure]:
    own: dict[str, list[list[float]]] = {service: [] for service in LOOKS}
    bare: list[list[float]] = []
    _round(run)  # warms up
    for _ in range(run.plan.rounds):
        for service, found in _round(run).items():
            own[service].append(found)
        bare.append(latencies(run, floor(run.plan), run.plan.fast_rate))
    for service, rounds in own.items():
        for name, share, limit in SHARES:
            yield Measure(
                f"{service}_{run.plan.fast_rate}_{name}", "ms",
                [percentile(found, share) for found in rounds],
                [percentile(found, share) for found in bare],
                FLOOR, limit,
            )  # fmt: skip


def _round(run: Run) -> dict[str, list[float]]:
    """Milliseconds by service, one an event."""
    way = Way(write_by_schedule, 1, see_services)
    sent, seen = observed(run, way, run.plan.fast_rate, run.plan.seconds)
    return {service: since_commit(sent, arrivals) for service, arrivals in seen.items()}
