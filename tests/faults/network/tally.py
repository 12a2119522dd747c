"""What runs came to, added up over processes. Knows no Django, so that `make faults` may print it."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.faults.network.lies import KINDS

LEAST_STEPS = 30  # of a run that counts


@dataclass
class Tally:
    """What runs came to; `short_runs` had fewer steps than a run must have."""

    runs: int = 0
    short_runs: int = 0
    steps: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    def add(self, other: Self) -> None:
        self.runs += other.runs
        self.short_runs += other.short_runs
        self.steps += other.steps
        self.hits += other.hits
        self.ends += other.ends
        self.refusals += other.refusals

    @property
    def never(self) -> list[str]:
        return [name for name in KINDS if not self.hits[name]]

    def report(self) -> str:
        """A table of the faults, and the upgrades' ends."""
        rows = [f"  {name:<28}{self.hits[name]:>10,}" for name in KINDS]
        ends = ", ".join(f"{count:,} {end}" for end, count in sorted(self.ends.items()))
        return "\n".join(
            [
                f"Runs: {self.runs:,}, steps: {self.steps:,}; "
                f"{self.short_runs} runs had fewer than {LEAST_STEPS}.",
                f"Upgrades: {ends}.",
                "Faults, and how often a request met each:",
                *rows,
            ]
        )

    def save(self, folder: Path, number: int) -> None:
        (folder / f"{number}.json").write_text(json.dumps(vars(self)))


def load_tallies(folder: Path) -> Tally:
    total = Tally()
    for file in folder.glob("*.json"):
        values = json.loads(file.read_text())
        counts = {name: Counter(values.pop(name)) for name in ("hits", "ends", "refusals")}
        total.add(Tally(**(values | counts)))
    return total
