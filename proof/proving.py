"""Trace every scenario, then kill at every point that was found."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from proof.cases import Case, Result
from proof.crew import Crew
from proof.ground import ground
from proof.scenarios import SCENARIOS

TRIES = 6  # until a point that was found once must have been met again
TRIES_SINCE = 3  # of a point that only a kill led to: a race with that kill, which need not come
BY_CHANCE = 0.5  # of its scenario's runs: when fewer come by a point, it takes a race to be met
LINGER = 20.0  # seconds that a second try waits at the end: longer than any interval of beat

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


@dataclass(frozen=True)
class Way:
    """How a point was met: in a scenario (by its index), after these kills."""

    scenario: int
    after: tuple[str, ...] = ()


@dataclass
class Proof:
    """`found`: each point, and the first way to it."""

    found: dict[str, Way] = field(default_factory=dict)
    traces: list[Result] = field(default_factory=list)
    kills: list[Result] = field(default_factory=list)
    never: list[str] = field(default_factory=list)  # of the traced points
    unmet: list[str] = field(default_factory=list)  # of those that only kills led to

    @property
    def breaches(self) -> list[Result]:
        return [result for result in self.runs if result.breaches]

    @property
    def met(self) -> set[str]:
        """Every point that any of the runs came by."""
        return {*self.found}.union(*(result.points for result in self.runs))

    @property
    def runs(self) -> list[Result]:
        return [*self.traces, *self.kills]

    @property
    def by_chance(self) -> list[str]:
        """Traced points that took a race to be found, and were not met again.

        A point that at least half of the runs come by is missed six times once in 64 proofs.
        """
        return [point for point in self.never if self._share_by(point) < BY_CHANCE]

    def _share_by(self, point: str) -> float:
        """Of the runs of a scenario, those that came by; of the scenario where most did."""
        runs = [run for run in self.runs if point not in run.case.arms]
        came_by = Counter(run.case.scenario for run in runs if point in run.points)
        told = Counter(run.case.scenario for run in runs)
        return max((met / told[scenario] for scenario, met in came_by.items()), default=0.0)

    @property
    def survived(self) -> list[Result]:
        return [result for result in self.kills if not result.breaches]


def prove(folder: Path, plan: Plan, say: Say) -> Proof:
    """Raises LaneEnded, or RuntimeError when a server does not start."""
    with ground(folder, plan.lanes) as servers, Crew(servers, plan.lanes, pace=plan.pace) as crew:
        return prove_with(crew, plan, say)


def prove_with(crew: Crew, plan: Plan, say: Say) -> Proof:
    """The same on servers that run already."""
    return _Prover(crew, plan, say).prove()


class _Prover:
    def __init__(self, crew: Crew, plan: Plan, say: Say) -> None:
        self._crew, self._plan, self._say = crew, plan, say
        self._numbers = count(plan.first_case)
        self._proof = Proof()

    def prove(self) -> Proof:
        self._trace()
        self._proof.never = self._kill_at(self._choose(self._proof.found), TRIES)
        if self._plan.sample is None:
            self._say("Points that were first met after a kill:")
            self._proof.unmet = self._kill_at(self._choose(self._found_since()), TRIES_SINCE)
        return self._proof

    def _trace(self) -> None:
        slowest_first = reversed(self._plan.scenarios)
        cases = [self._case(Way(index)) for index in slowest_first]
        proof = self._proof
        proof.traces = self._crew.run(cases, lambda result: self._say(trace_line(result)))
        for result in sorted(proof.traces, key=lambda result: result.case.scenario):
            for point in result.points:
                proof.found.setdefault(point, Way(result.case.scenario))

    def _found_since(self) -> list[str]:
        """What only the way back after a kill comes by."""
        since: dict[str, Way] = {}
        for result in self._proof.kills:
            for point in result.points:
                if point not in self._proof.found:
                    since.setdefault(point, Way(result.case.scenario, tuple(result.case.arms)))
        self._proof.found |= since
        return list(since)

    def _choose(self, found: Iterable[str]) -> list[str]:
        points = [point for point in found if self._plan.only in point]
        if self._plan.sample is None or self._plan.sample >= len(points):
            return points
        return random.Random(self._plan.seed).sample(points, self._plan.sample)  # noqa: S311

    def _kill_at(self, points: list[str], tries: int) -> list[str]:
        """Returns the points that were not met."""
        for attempt in range(tries):
            if not points:
                break
            linger = LINGER if attempt else 0.0
            cases = [
                self._case(self._way_to(point, attempt), point, linger=linger) for point in points
            ]
            results = self._crew.run(cases, lambda result: self._say(kill_line(result)))
            self._proof.kills += [it for it in results if it.was_reached or it.breaches]
            points = [it.case.arms[-1] for it in results if not (it.was_reached or it.breaches)]
        return points

    def _way_to(self, point: str, attempt: int) -> Way:
        """What was met once may need a race, a hint that was lost, or a start of its program.

        So every further try goes a way on which another run came by.
        """
        ways = [
            Way(run.case.scenario, tuple(run.case.arms))
            for run in self._proof.runs
            if point in run.points and point not in run.case.arms
        ]
        if attempt == 0 or not ways:
            return self._proof.found[point]
        return random.Random(f"{point} {attempt}").choice(ways)  # noqa: S311

    def _case(self, way: Way, *arms: str, linger: float = 0.0) -> Case:
        number, breaks = next(self._numbers), self._plan.breaks
        return Case(number, way.scenario, [*way.after, *arms], breaks=breaks, linger=linger)


def trace_line(result: Result) -> str:
    name = SCENARIOS[result.case.scenario].name
    verdict = "; ".join(result.breaches) or "as promised"
    return f"  traced  {name}: {len(result.points)} points, {verdict}"


def kill_line(result: Result) -> str:
    way = " + ".join(result.case.arms)
    if not result.was_reached and not result.breaches:
        return f"  {'':>9}  not reached  {way}"
    took = "" if result.recovered is None else f"{result.recovered:7.1f} s"
    lines = [f"  {took:>9}  {'BREACH' if result.breaches else 'ok':<11}  {way}"]
    lines += [f"  {'':>9}  {'':<11}    {breach}" for breach in result.breaches]
    return "\n".join(lines)
