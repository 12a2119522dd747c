"""The whole part: rounds of ours and of the baseline in turn, then the comings and goings."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from bench.helpers import helpers
from bench.measures import Limit, Measure, at_least, at_most
from bench.realtime.comings import comings_and_goings
from bench.realtime.crowd import crowd
from bench.realtime.people import People
from bench.realtime.plan import Plan
from bench.realtime.rounds import baseline_round, our_round
from bench.realtime.servers import baseline_server, our_server
from bench.realtime.sockets import over_websocket
from bench.stand import Stand

NODE = "Node: a map and ioredis"
NO_SIGN_IN = f"{NODE}, which signs nobody in"

Samples = Mapping[str, list[float]]


def measures(stand: Stand, plan: Plan, program: Path, *, with_baseline: bool) -> list[Measure]:
    """Raises BenchFailed."""
    call_command("migrate", verbosity=0)
    people, staff = People(plan.connections), People(plan.connections, staff=True)
    own: defaultdict[str, list[float]] = defaultdict(list)
    baseline: defaultdict[str, list[float]] = defaultdict(list)
    with helpers(1) as (writer,):
        for number in range(1, plan.rounds + 1):
            with our_server(stand, plan) as server, crowd(program, server, stand.folder) as readers:
                for name, value in our_round(stand, plan, people, staff, server, readers, writer):
                    own[name].append(value)
            if with_baseline:
                with baseline_server(stand) as node, crowd(program, node, stand.folder) as readers:
                    for name, value in baseline_round(plan, people, node, readers, writer):
                        baseline[name].append(value)
            print(f"  round {number} of {plan.rounds}", flush=True)
        sockets = over_websocket(stand, plan, people, program, writer)
    return [
        *_table(plan, own, baseline),
        *sockets,
        *comings_and_goings(stand, plan, people, program),
    ]


def versions() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return {"PostgreSQL": cursor.fetchone()[0]}


def _table(plan: Plan, own: Samples, baseline: Samples) -> list[Measure]:
    commit, publish = f"commit_to_client_{plan.rate}", f"publish_to_client_{plan.rate}"

    def beside(
        name: str, unit: str, key: str, limit: Limit | None = None, against: str = NODE
    ) -> Measure:
        beside = baseline.get(key, [])
        return Measure(name, unit, own[key], beside, against if beside else "", limit)

    return [
        Measure(f"{commit}_p50", "ms", own["commit p50"], limit=at_most(8)),
        Measure(f"{commit}_p99", "ms", own["commit p99"], limit=at_most(20)),
        Measure(f"{commit}_lost", "events", own["commit lost"], limit=at_most(0)),
        beside(f"{publish}_p50", "ms", "publish p50"),
        beside(f"{publish}_p99", "ms", "publish p99"),
        beside(f"{publish}_cpu", "ms of CPU an event", "publish cpu"),
        *_ratios(own, baseline, publish, ("p99", "cpu")),
        beside("broadcast_p50", "ms", "broadcast p50"),
        beside("broadcast_p99", "ms", "broadcast p99", at_most(150)),
        beside("memory_a_connection", "KiB", "memory", at_most(15), NO_SIGN_IN),
        beside("accepting_by_token", "connections/s", "token", at_least(3_000), NO_SIGN_IN),
        beside("accepting_by_ticket", "connections/s", "ticket", at_least(3_000)),
        beside("reconnect_storm", "s", "storm", at_most(4)),
    ]


def _ratios(
    own: Samples, baseline: Samples, measure: str, figures: Sequence[str]
) -> Iterator[Measure]:
    """Where the limit is the baseline itself: one ratio a round."""
    for figure in figures:
        pairs = zip(own[f"publish {figure}"], baseline.get(f"publish {figure}", []), strict=False)
        if ratios := [ours / theirs for ours, theirs in pairs if theirs]:
            yield Measure(f"{measure}_{figure}_ratio", "of Node's", ratios, limit=at_most(1))
