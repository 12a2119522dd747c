"""What a lane is asked, and what it answers."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Case:
    """One scenario (by its index), with a kill at each of `arms`, one after the other.

    `breaks` names a guard that is broken meanwhile; `patience` in seconds for each step;
    `linger` in seconds after the end, for points that come by the clock.
    """

    number: int
    scenario: int
    arms: list[str] = field(default_factory=list)
    breaks: str = ""
    patience: float = 120.0
    linger: float = 0.0


@dataclass(frozen=True)
class Result:
    """`recovered`: seconds from the last kill until everything was as promised."""

    case: Case
    points: list[str]
    breaches: list[str]
    deaths: list[str]
    recovered: float | None

    @property
    def was_reached(self) -> bool:
        return self.deaths == self.case.arms

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, found: dict[str, Any]) -> Self:
        return cls(**{**found, "case": Case(**found["case"])})
