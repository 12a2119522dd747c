"""Whether Redis is told of the leaderboards, for Prometheus: the same from every web process."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from analytics.services.board_cache import is_kept


class BoardsCollector(Collector):
    """Asks at every scrape; without Redis they are not kept."""

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        text = "1 while a job has told Redis of every change in the last seconds"
        yield GaugeMetricFamily("aiw3_boards_kept", text, float(is_kept()))
