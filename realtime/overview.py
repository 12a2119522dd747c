"""The reports of all server processes, put together for the admin."""

import json
from typing import Any

import redis

from core.redis import try_redis
from realtime.channels import reports_key
from realtime.report import KEPT_SECONDS, RATES, REPORT_EVERY_SECONDS

SILENT_AFTER_SECONDS = 3 * REPORT_EVERY_SECONDS


def read_overview(*, now: float) -> dict[str, Any] | None:
    """`processes`, the longest running first, and their `total`; None when Redis is away.

    A process that stopped reporting without saying goodbye is `isSilent` and counts in no total;
    after ten minutes it is forgotten. `now` is a Unix time.
    """
    found = try_redis(lambda client: _read(client, now=now), otherwise=None)
    if found is None:
        return None
    for report in found:
        report["silentSeconds"] = round(max(0.0, now - report["at"]), 1)
        report["isSilent"] = report["silentSeconds"] > SILENT_AFTER_SECONDS
    return {
        "processes": sorted(found, key=lambda report: str(report["process"])),
        "total": _total([report for report in found if not report["isSilent"]]),
    }


def _read(client: redis.Redis, *, now: float) -> list[dict[str, Any]]:
    raw: Any = client.hgetall(reports_key())
    reports = {process: json.loads(text) for process, text in raw.items()}
    forgotten = [p for p, report in reports.items() if report["at"] < now - KEPT_SECONDS]
    if forgotten:
        client.hdel(reports_key(), *forgotten)
    return [report for process, report in reports.items() if process not in forgotten]


def _total(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """A user with streams in two processes counts in both."""
    return {
        "processes": len(reports),
        **{name: _sum(reports, name) for name in ("streams", "users", *RATES)},
        **{name: _sum_parts(reports, name) for name in ("byTransport", "closed", "refused")},
    }


def _sum(reports: list[dict[str, Any]], name: str) -> float:
    total: float = sum(report[name] for report in reports)
    return round(total, 1)


def _sum_parts(reports: list[dict[str, Any]], name: str) -> dict[str, float]:
    parts = {part for report in reports for part in report[name]}
    return {part: sum(report[name].get(part, 0) for report in reports) for part in sorted(parts)}
