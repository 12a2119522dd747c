"""`make bench PART=realtime`: the streams under ten thousand readers, beside plain Node."""

from dataclasses import replace

from bench.realtime.crowd import allow_files, build_client
from bench.realtime.plan import QUICK, Plan
from bench.realtime.servers import install_baseline
from bench.report import Report
from bench.stand import stand

TITLE = "Real time"


def measure(rounds: int, *, quick: bool) -> Report:
    """Raises BenchFailed, RuntimeError."""
    plan = QUICK if quick else replace(Plan(), rounds=rounds)
    program = build_client()
    node = install_baseline()
    allow_files(plan.connections)
    with stand(with_kafka=False) as servers:
        import django  # the settings ask for the servers

        django.setup()
        from bench.realtime.part import measures, versions

        found = measures(servers, plan, program, with_baseline=bool(node))
        conditions = versions() | ({"Node": node} if node else {})
        return Report("realtime", TITLE, found, conditions)
