"""Trace every scenario, then kill at every point that was found."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from proof.cases import Case, Result
from proof.crew import Crew
from proof.ground import ground
from proof.scenarios import SCENARIOS

TRIES = 3  # until a point that was found once must have been reached again

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """`sample` points out of those found (all without it), chosen by `seed`."""

    lanes: int
    seed: int
    sample: int | None = None
    pace: str = "default"
    breaks: str = ""
    only: str = ""  # points with this text
    first_case: int = 0  # case numbers are used once a crew
    scenarios: tuple[int, ...] = tuple(range(len(SCENARIOS)))


@dataclass
class Proof:
    """`found`: each point, and the scenario in which it came first."""

    found: dict[str, int] = field(default_factory=dict)
    traces: list[Result] = field(default_factory=list)
    kills: list[Result] = field(default_factory=list)
    never: list[Case] = field(default_factory=list)

    @property
    def breaches(self) -> list[Result]:
        return [result for result in [*self.traces, *self.kills] if result.breaches]

    @property
    def survived(self) -> list[Result]:
        return [result for result in self.kills if not result.breaches]


def prove(folder: Path, plan: Plan, say: Say) -> Proof:
    """Raises LaneEnded, or RuntimeError when a server does not start."""
    with ground(folder, plan.lanes) as servers, Crew(servers, plan.lanes, pace=plan.pace) as crew:
        return prove_with(crew, plan, say)


def prove_with(crew: Crew, plan: Plan, say: Say) -> Proof:
    """The same on servers that run already."""
    proof, numbers = Proof(), count(plan.first_case)
    _trace(crew, plan, proof, numbers, say)
    _kill(crew, plan, proof, numbers, say)
    return proof


def _trace(crew: Crew, plan: Plan, proof: Proof, numbers: Iterator[int], say: Say) -> None:
    slowest_first = reversed(plan.scenarios)
    cases = [Case(next(numbers), index, breaks=plan.breaks) for index in slowest_first]
    proof.traces = crew.run(cases, lambda result: say(trace_line(result)))
    for result in sorted(proof.traces, key=lambda result: result.case.scenario):
        for point in result.points:
            proof.found.setdefault(point, result.case.scenario)


def _kill(crew: Crew, plan: Plan, proof: Proof, numbers: Iterator[int], say: Say) -> None:
    wanted = _chosen(plan, proof)
    for _ in range(TRIES):
        cases = [
            Case(next(numbers), proof.found[point], [point], breaks=plan.breaks) for point in wanted
        ]
        results = crew.run(cases, lambda result: say(kill_line(result)))
        proof.kills += [result for result in results if result.was_reached or result.breaches]
        proof.never = [result.case for result in results if not result.was_reached]
        wanted = [case.arms[0] for case in proof.never]
        if not wanted:
            return


def _chosen(plan: Plan, proof: Proof) -> list[str]:
    points = [point for point in proof.found if plan.only in point]
    if plan.sample is None or plan.sample >= len(points):
        return points
    return random.Random(plan.seed).sample(points, plan.sample)  # noqa: S311


def trace_line(result: Result) -> str:
    name = SCENARIOS[result.case.scenario].name
    verdict = "; ".join(result.breaches) or "as promised"
    return f"  traced  {name}: {len(result.points)} points, {verdict}"


def kill_line(result: Result) -> str:
    if not result.was_reached and not result.breaches:
        return f"  {'':>9}  not reached  {result.case.arms[0]}"
    took = "" if result.recovered is None else f"{result.recovered:7.1f} s"
    verdict = "BREACH" if result.breaches else "ok"
    lines = [f"  {took:>9}  {verdict:<11}  {' + '.join(result.case.arms)}"]
    lines += [f"  {'':>9}  {'':<11}    {breach}" for breach in result.breaches]
    return "\n".join(lines)
