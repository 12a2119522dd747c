"""How much a run measures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`seconds` is the length of one timed stretch; `rate` in events a second."""

    rounds: int = 5
    connections: int = 10_000
    seconds: float = 5.0
    settle: float = 1.0  # seconds between a crowd's coming and what is measured next
    rate: int = 200
    broadcasts: int = 5
    broadcast_every: float = 1.0
    missed: int = 5  # events that each reader has to catch up with
    comings_and_goings: int = 15
    workers: int = 2  # server processes


QUICK = Plan(
    rounds=1, connections=20, seconds=0.5, settle=0.1, rate=40, broadcasts=2, broadcast_every=0.2,
    comings_and_goings=2,
)  # fmt: skip
