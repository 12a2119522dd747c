"""What a consumer process counts about its groups; the state of the groups is in `status`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

events = Counter("aiw3_consumer_events_total", "Events handled", ["group"])
batches = Histogram(
    "aiw3_consumer_batch_events",
    "Events in a batch",
    ["group"],
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
)
seconds = Histogram(
    "aiw3_consumer_batch_seconds", "Time from the handler's start to its commit", ["group"]
)
retries = Counter("aiw3_consumer_retries_total", "Turns that are tried again", ["group"])
dead_letters = Counter("aiw3_consumer_dead_letters_total", "Events passed over", ["group"])


@contextmanager
def handling(group: str, count: int) -> Iterator[None]:
    """Count a batch of `count` events once it has succeeded; nothing when it raises."""
    began = time.monotonic()
    yield
    if count:
        events.labels(group).inc(count)
        batches.labels(group).observe(count)
        seconds.labels(group).observe(time.monotonic() - began)
