"""An alert on a metric that nobody exports would never fire."""

import re
from pathlib import Path

import yaml
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

import core.jobs
import realtime.metrics  # noqa: F401 - they register their metrics
from core.metrics import database_state
from events.status import GroupCollector

RULES = Path(__file__).resolve().parents[2] / "deploy" / "prometheus" / "alerts.yml"


def test_every_alert_watches_a_metric_that_we_export_and_says_what_it_is(db: None) -> None:
    groups = CollectorRegistry()
    groups.register(GroupCollector(["realtime"]))
    text = b"".join(generate_latest(it) for it in (REGISTRY, database_state, groups)).decode()
    exported = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    assert core.jobs.lost_hints
    rules = [
        rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
    ]
    told = {rule["alert"] for rule in rules}
    assert {"LeaderboardsNotKept", "DeliveriesGivenUp", "AuditBehind", "AuditNotAnchored"} <= told
    assert len({rule["alert"] for rule in rules}) == len(rules) > 10
    for rule in rules:
        watched = set(re.findall(r"aiw3_\w+", rule["expr"]))
        assert watched, rule["alert"]
        assert watched <= exported, rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
