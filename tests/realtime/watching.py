"""What a server says about itself, and waiting for it."""

import time
from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families

from tests.patience import PATIENCE
from tests.realtime.servers import WebServer


def metric(web: WebServer, name: str, **labels: str) -> float:
    """The sum of the samples with these labels; 0 without any."""
    families = text_string_to_metric_families(web.get("/metrics").text)
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def wait_for(done: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Raises AssertionError when it does not happen in time."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)
