"""What the database knows of deliveries, for Prometheus: the same from every web process."""

from collections.abc import Iterable, Iterator

from django.db import Error
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from notifications.models import Delivery, DeliveryStatus, Provider


class NotificationsCollector(Collector):
    """Asks at every scrape; without a database there is no sample."""

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            yield from list(_deliveries())
        except Error:
            return


def _deliveries() -> Iterator[GaugeMetricFamily]:
    now = timezone.now()
    due = Delivery.objects.due(now=now)
    dead = Delivery.objects.filter(status=DeliveryStatus.DEAD)
    rows = (
        ("aiw3_deliveries_due", "Mails and pushes that could go now", due),
        ("aiw3_deliveries_dead", "Those that were given up", dead),
    )
    for name, text, found in rows:
        family = GaugeMetricFamily(name, text, labels=["channel"])
        counted = found.order_by().values_list("channel").annotate(Count("id"))
        for channel, count in counted:
            family.add_metric([channel], count)
        yield family
    oldest = due.aggregate(oldest=Min("next_run_at"))["oldest"]
    yield GaugeMetricFamily(
        "aiw3_deliveries_due_seconds",
        "How long the first of those that could go waits",
        (now - oldest).total_seconds() if oldest else 0.0,
    )
    paused = Provider.objects.filter(paused_until__gt=now, failures__gt=0).count()
    yield GaugeMetricFamily("aiw3_providers_silent", "Providers that do not answer", paused)
