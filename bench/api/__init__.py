"""`make bench PART=api`: how soon other services get their answers, and how much they may send."""

from bench.report import Report
from bench.stand import stand

TITLE = "API"


def measure(rounds: int, *, quick: bool) -> Report:
    """Raises BenchFailed, RuntimeError."""
    with stand(with_kafka=False) as servers:
        import django  # the settings ask for the servers

        django.setup()
        from bench.api.benefits import benefits_measures
        from bench.api.trades import trade_measures

        found = benefits_measures(servers, rounds=1 if quick else rounds, quick=quick)
        found += trade_measures(servers, rounds=1 if quick else rounds, quick=quick)
        for measured in found:
            print(f"  {measured.name}: {measured.value:.4g} {measured.unit}", flush=True)
        return Report("api", TITLE, found, {})
