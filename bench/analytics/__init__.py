"""`make bench PART=analytics`: ranks among a million, and how fast events become figures."""

from bench.report import Report
from bench.stand import stand

TITLE = "Analytics"
MEMBERS, QUICK_MEMBERS = 1_000_000, 5_000


def measure(rounds: int, *, quick: bool) -> Report:
    """Raises BenchFailed, RuntimeError."""
    with stand(with_kafka=False) as servers:
        import django  # the settings ask for the servers

        django.setup()
        from bench.analytics.counting import counting_measure
        from bench.analytics.ranks import rank_measures

        rounds = 1 if quick else rounds
        found = [counting_measure(servers, rounds=rounds, quick=quick)]
        found += rank_measures(rounds=rounds, members=QUICK_MEMBERS if quick else MEMBERS)
        for measured in found:
            print(f"  {measured.name}: {measured.value:.4g} {measured.unit}", flush=True)
        members = f"{QUICK_MEMBERS if quick else MEMBERS:,}"
        return Report("analytics", TITLE, found, {"members": members})
