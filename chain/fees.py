"""What a transaction may use and pay: units by simulation, a price by what others paid, a cap."""

from collections.abc import Sequence
from dataclasses import dataclass

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.instruction import Instruction

MOST_UNITS = 1_400_000  # the cluster's limit for one transaction
MICRO = 1_000_000
_MARGIN = 0.2  # state may differ a little between the simulation and the block
_STEP_UP = 4  # how much more each further attempt pays at least
_FIRST_STEP = 1_000  # micro-lamports a unit


@dataclass(frozen=True, slots=True)
class ComputeBudget:
    """`units` that it may use at most; `price` in micro-lamports a unit, on top of the base fee."""

    units: int
    price: int

    @property
    def lamports(self) -> int:
        return -(-self.units * self.price // MICRO)

    def instructions(self) -> list[Instruction]:
        limit = set_compute_unit_limit(self.units)
        return [limit, set_compute_unit_price(self.price)] if self.price else [limit]


DRAFT = ComputeBudget(MOST_UNITS, 1)  # what is simulated: as large as the real one


def choose_budget(
    *,
    used_units: int,
    recent_prices: Sequence[int],
    percentile: int,
    cap_lamports: int,
    attempt: int,
) -> ComputeBudget:
    """`attempt` counts from 0. After a failure more is offered, whatever others pay, because a
    price of zero in quiet blocks says nothing about full ones; never more than the cap."""
    units = min(int(used_units * (1 + _MARGIN)) + 1, MOST_UNITS)
    ladder = _FIRST_STEP * _STEP_UP ** min(attempt - 1, 10) if attempt else 0
    wanted = max(_percentile(recent_prices, percentile), ladder)
    return ComputeBudget(units, min(wanted, cap_lamports * MICRO // units))


def _percentile(values: Sequence[int], percent: int) -> int:
    if not values:
        return 0
    return sorted(values)[min(len(values) * percent // 100, len(values) - 1)]
