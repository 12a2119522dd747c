"""What the database knows of this app, for Prometheus: the same from every web process."""

from collections.abc import Iterable, Iterator

from django.db import Error
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from nft.models import OPEN, AuthorityBalance, UpgradeRequest
from nft.services.stuck import stuck_unlocks, stuck_upgrades


class NftCollector(Collector):
    """Asks at every scrape. Without a database there is no sample but `aiw3_nft_up 0`."""

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            families = [*_upgrades(), *_authority()]
        except Error:
            families = []
        yield GaugeMetricFamily("aiw3_nft_up", "1 when the rows can be read", float(bool(families)))
        yield from families


def _upgrades() -> Iterator[GaugeMetricFamily]:
    now = timezone.now()
    unfinished = UpgradeRequest.objects.filter(status__in=OPEN).order_by()
    counted = dict(unfinished.values_list("status").annotate(Count("id")))
    grouped = stuck_upgrades(now=now).order_by().values("status")
    stuck = {row["status"]: row for row in grouped.annotate(count=Count("id"), since=Min("since"))}
    yield _by_status("aiw3_upgrades_open", "Unfinished upgrades", counted)
    counts = {status: row["count"] for status, row in stuck.items()}
    yield _by_status("aiw3_upgrades_stuck", "Those past their bound", counts)
    ages = {status: (now - row["since"]).total_seconds() for status, row in stuck.items()}
    yield _by_status("aiw3_upgrades_stuck_seconds", "How long the longest is stuck", ages)
    unlocks = stuck_unlocks(now=now).count()
    yield GaugeMetricFamily("aiw3_unlocks_stuck", "First NFTs not minted in time", unlocks)


def _by_status(name: str, text: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["status"])
    for status in OPEN:
        family.add_metric([status], float(values.get(status, 0)))
    return family


def _authority() -> Iterator[GaugeMetricFamily]:
    rows = list(AuthorityBalance.objects.all())
    measures = {
        "balance_lamports": ("What pays for mints", "lamports"),
        "threshold_lamports": ("Below this it is low", "threshold_lamports"),
        "low": ("1 while it is low", "is_low"),
    }
    for name, (text, field) in measures.items():
        family = GaugeMetricFamily(f"aiw3_authority_{name}", text, labels=["address"])
        for row in rows:
            family.add_metric([row.address], float(getattr(row, field)))
        yield family
    looked = "aiw3_authority_looked_at_timestamp_seconds"
    family = GaugeMetricFamily(looked, "When the balance was last seen", labels=["address"])
    for row in rows:
        family.add_metric([row.address], row.looked_at.timestamp())
    yield family
