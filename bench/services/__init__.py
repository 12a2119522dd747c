"""`make bench PART=services`: how soon analytics, notifications and audit show what happened."""

from bench.report import Report
from bench.stand import stand

TITLE = "Services"


def measure(rounds: int, *, quick: bool) -> Report:
    """Raises BenchFailed, RuntimeError."""
    with stand(with_kafka=False) as servers:
        import django  # the settings ask for the servers

        django.setup()
        from bench.events.part import versions
        from bench.services.part import measures

        found = []
        for measured in measures(servers, rounds=1 if quick else rounds, quick=quick):
            found.append(measured)
            print(f"  {measured.name}: {measured.value:.4g} {measured.unit}", flush=True)
        return Report("services", TITLE, found, versions())
