"""`make bench PART=events`: the log, the sequencer, the consumers and the bridge."""

from dataclasses import replace

from bench.events.plan import QUICK, Plan
from bench.report import Report
from bench.stand import stand

TITLE = "Events"


def measure(rounds: int, *, quick: bool) -> Report:
    """Raises BenchFailed, KafkaMissing, RuntimeError."""
    plan = QUICK if quick else replace(Plan(), rounds=rounds)
    with stand() as servers:
        import django  # the settings ask for the servers

        django.setup()
        from bench.events.part import measures, versions

        found = []
        for measured in measures(servers, plan):
            found.append(measured)
            print(f"  {measured.name}: {measured.value:.4g} {measured.unit}", flush=True)
        return Report("events", TITLE, found, versions())
