"""What the database knows of the audit log, for Prometheus."""

from collections.abc import Iterable, Iterator

from django.db import Error
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from audit.models import Anchor, Checkpoint, Head, Pending, Record


class AuditCollector(Collector):
    """Asks at every scrape; without a database there is no sample."""

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            families = list(_gauges())
        except Error:
            families = []
        yield from families


def _gauges() -> Iterator[GaugeMetricFamily]:
    now = timezone.now()
    head, oldest = Head.objects.first(), Pending.objects.order_by("id").first()
    last, unfinished = Checkpoint.objects.last(), Anchor.objects.unfinished()
    first_waiting = unfinished.first()
    unsigned = Record.objects.filter(index=last.size if last else 0).first()
    gauges = {
        "records": ("Records in the audit log", head.size if head else 0),
        "pending_seconds": (
            "How long the oldest change waits for its record",
            (now - oldest.noted_at).total_seconds() if oldest else 0.0,
        ),
        "unsigned_records": (
            "Records after the last checkpoint",
            (head.size if head else 0) - (last.size if last else 0),
        ),
        "unsigned_seconds": (
            "How old the first of them is",
            (now - unsigned.at).total_seconds() if unsigned else 0.0,
        ),
        "anchors_waiting": ("Checkpoints that are not final on the chain", unfinished.count()),
        "anchor_waiting_seconds": (
            "How long the oldest of them waits",
            (now - first_waiting.created_at).total_seconds() if first_waiting else 0.0,
        ),
    }
    for name, (text, value) in gauges.items():
        yield GaugeMetricFamily(f"aiw3_audit_{name}", text, float(value))
