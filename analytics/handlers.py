"""The consumer group `nft-analytics-group`: every event of the log becomes figures."""

from collections.abc import Sequence

from analytics.services.rebuilding import fill, prepare, swap
from analytics.services.recording import record_events
from events.groups import ConsumerGroup, Replay, Shadow
from events.models import Event


def count(events: Sequence[Event]) -> None:
    record_events(events=events)


def count_again(events: Sequence[Event], _replay: Replay) -> None:
    """Only what is missing counts: a fact is recorded once."""
    record_events(events=events)


ANALYTICS = ConsumerGroup(
    "analytics",
    count,
    transactional=True,
    replay=count_again,
    shadow=Shadow(prepare, fill, swap),
)
