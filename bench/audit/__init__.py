"""`make bench PART=audit`: appending, verifying, and what the triggers cost."""

from bench.report import Report
from bench.stand import stand

TITLE = "Audit"


def measure(rounds: int, *, quick: bool) -> Report:
    """Raises BenchFailed, RuntimeError."""
    with stand(with_kafka=False) as servers:
        import django  # the settings ask for the servers

        django.setup()
        from bench.audit.part import measures
        from bench.events.part import versions

        found = []
        for measured in measures(servers, rounds=rounds, quick=quick):
            found.append(measured)
            print(f"  {measured.name}: {measured.value:.4g} {measured.unit}", flush=True)
        return Report("audit", TITLE, found, versions())
