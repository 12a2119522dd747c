"""The same readers over WebSocket."""

from collections import defaultdict
from pathlib import Path

from bench.helpers import Helper
from bench.measures import Measure, at_most
from bench.realtime.crowd import crowd
from bench.realtime.people import SOCKETS, People
from bench.realtime.plan import Plan
from bench.realtime.rounds import committing, opening
from bench.realtime.servers import our_server
from bench.stand import Stand


def over_websocket(
    stand: Stand, plan: Plan, people: People, program: Path, writer: Helper
) -> list[Measure]:
    """Raises BenchFailed."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(1, plan.rounds + 1):
        with (
            our_server(stand, plan) as server,
            crowd(program, server, stand.folder, websocket=True) as readers,
        ):
            for name, value in (
                *opening(plan, people.by_token(SOCKETS), server, readers),
                *committing(stand, plan, people, server, readers, writer),
            ):
                found[name].append(value)
            readers.close()
        print(f"  round {number} of {plan.rounds} over WebSocket", flush=True)
    commit = f"websocket_commit_to_client_{plan.rate}"
    return [
        Measure(f"{commit}_p50", "ms", found["commit p50"]),
        Measure(f"{commit}_p99", "ms", found["commit p99"], limit=at_most(20)),
        Measure(f"{commit}_lost", "events", found["commit lost"], limit=at_most(0)),
        Measure("websocket_memory_a_connection", "KiB", found["memory"], limit=at_most(30)),
        Measure("websocket_accepting_by_token", "connections/s", found["token"]),
    ]
