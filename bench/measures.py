"""One measured figure beside its baseline of the same run."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Limit:
    """What the value must reach (`at_least`) or must not pass."""

    bound: float
    at_least: bool

    def met_by(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:,.6g}"


@dataclass(frozen=True)
class Measure:
    """`samples` has one value a round; `baseline` those of the same rounds, run in turn with it.

    `against` says in a few words what the baseline is; it is empty where there is none.
    """

    name: str
    unit: str
    samples: list[float]
    baseline: list[float] = field(default_factory=list)
    against: str = ""
    limit: Limit | None = None

    @property
    def value(self) -> float:
        return median(self.samples)

    @property
    def baseline_value(self) -> float | None:
        return median(self.baseline) if self.baseline else None

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' own ratios, so that a slow machine slows both."""
        if not self.baseline:
            return None
        pairs = zip(self.samples, self.baseline, strict=True)
        return median(own / other if other else math.inf for own, other in pairs)

    @property
    def met(self) -> bool | None:
        """None without a limit."""
        return None if self.limit is None else self.limit.met_by(self.value)

    def document(self) -> dict[str, object]:
        return {
            "value": _short(self.value),
            "unit": self.unit,
            "baseline": _short(self.baseline_value),
            "ratio": _short(self.ratio),
            "samples": [_short(sample) for sample in self.samples],
            "baselineSamples": [_short(sample) for sample in self.baseline],
            "against": self.against,
            "limit": None if self.limit is None else str(self.limit),
            "met": self.met,
        }


def at_least(bound: float) -> Limit:
    return Limit(bound, at_least=True)


def at_most(bound: float) -> Limit:
    return Limit(bound, at_least=False)


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")
