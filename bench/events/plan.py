"""How much a run measures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`seconds` is the length of one timed stretch; the rest are counts."""

    rounds: int = 5
    seconds: float = 5.0
    warm_up: float = 15.0  # seconds of work until Kafka's Java is compiled
    events: int = 40_000  # in the log that is drained and consumed
    single: int = 1_500  # of them, one a transaction
    writers: int = 4
    slow_rate: int = 200  # events/s
    fast_rate: int = 1_000


QUICK = Plan(
    rounds=1, seconds=0.5, warm_up=0.5, events=600, single=20, writers=2, slow_rate=40, fast_rate=80
)
