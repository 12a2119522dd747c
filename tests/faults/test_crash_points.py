"""`manage.py prove_upgrade` in its short form, and what the proof itself is worth.

`make faults PART=upgrade PROFILE=long` kills at every point.
"""

import random
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from proof.cases import Case, Result
from proof.crew import Crew
from proof.ground import ground
from proof.proving import Plan, Proof, Way, prove_with
from proof.report import report, verdict
from proof.sabotage import SABOTAGES
from proof.scenarios import SCENARIOS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

LANES = 3
KILLS = 6
UPGRADE = 0  # the scenario without any fault
numbers = count(10_000)


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    folder = Path(tempfile.mkdtemp(prefix="aiw3-proof-"))
    folder.chmod(0o711)  # root's PostgreSQL runs as somebody else
    with ground(folder, LANES) as servers, Crew(servers, LANES, pace="quick") as running:
        yield running
    shutil.rmtree(folder)


def test_upgrades_survive_kills_at_points_that_the_program_found(crew: Crew) -> None:
    seed = secrets.randbelow(10**6)
    others = random.Random(seed).sample(range(1, len(SCENARIOS)), 1)
    plan = Plan(lanes=LANES, seed=seed, sample=KILLS, pace="quick", scenarios=(UPGRADE, *others))
    print(f"Seed {seed}")  # noqa: T201
    proof = prove_with(crew, plan, print)
    assert proof.breaches == [], report(proof)
    # The whole proof insists on all; here one that is not met at once is left for it.
    assert len({kill.case.arms[0] for kill in proof.kills}) >= KILLS // 2
    kinds = {point.split(" in ")[0].split()[-1] for point in proof.found}
    assert kinds == {"commit", "rpc", "enqueue", "push"}


def run(crew: Crew, arms: Sequence[str] = (), **options: Any) -> Result:
    """One upgrade."""
    [result] = crew.run([Case(next(numbers), UPGRADE, list(arms), **options)], lambda _: None)
    return result


BREACHES = {
    "send-before-persisting": "A transaction was sent before it was persisted.",
    "verify-at-confirmed": "before the chain has finalized it.",  # the burn, or else the mint
    "consume-before-the-mint": "Badges are consumed while the request is minting.",
}


@pytest.fixture(scope="module")
def broken(crew: Crew) -> dict[str, Result]:
    """An upgrade with each of the guards broken, by its name."""
    cases = [Case(next(numbers), UPGRADE, breaks=guard) for guard in BREACHES]
    return {result.case.breaks: result for result in crew.run(cases, lambda _: None)}


@pytest.mark.parametrize(("guard", "breach"), BREACHES.items(), ids=BREACHES)
def test_a_guard_that_is_broken_fails_the_proof(
    broken: dict[str, Result], guard: str, breach: str
) -> None:
    assert any(breach in found for found in broken[guard].breaches)


def test_without_the_reconciler_a_kill_is_not_survived(crew: Crew) -> None:
    before_asking = "worker: before enqueue in check_burn_task > check_burn > _look_and_step"
    [point] = [it for it in run(crew).points if it.startswith(before_asking)]
    result = run(crew, [point], breaks="leave-rows-alone", patience=8)
    assert result.deaths == [point]
    assert any("Never came: completed" in breach for breach in result.breaches)
    assert SABOTAGES.keys() == {*BREACHES, "leave-rows-alone"}


def test_points_that_are_gone_or_never_met_again_fail_the_proof(tmp_path: Path) -> None:
    plan, record = Plan(lanes=1, seed=1, pace="quick"), tmp_path / "points.txt"
    record.write_text("one\ntwo\n")
    kept = Proof(found={"one": Way(0), "two": Way(0)})
    assert verdict(kept, plan, record=record) == []
    fewer = Proof(found={"one": Way(0)})
    assert verdict(fewer, plan, record=record)[1:] == ["  missing: two"]
    never = Proof(found=kept.found, never=["two"], kills=[came_by("one"), came_by("two")])
    assert verdict(never, plan, record=record) == ["Never met again: two"]


def test_a_point_that_only_a_race_leads_to_is_told_and_fails_nothing(tmp_path: Path) -> None:
    often, once = "worker: before rpc in one", "worker: before rpc in two"
    runs = [came_by(often) for _ in range(99)] + [came_by(once)]
    proof = Proof(found={often: Way(0), once: Way(0)}, never=[once], kills=runs)
    assert f"not met again: 1\n  {once}" in report(proof)
    assert verdict(proof, Plan(lanes=1, seed=1, pace="quick"), record=tmp_path / "none") == []


def came_by(point: str) -> Result:
    return Result(Case(1, 0, [point]), [point], [], [], None)


@pytest.mark.parametrize(("pace", "faults"), [("default", 1), ("quick", 0)])
def test_a_slow_recovery_fails_the_proof_with_default_settings(
    tmp_path: Path, pace: str, faults: int
) -> None:
    kills = [Result(Case(1, 0, ["one"]), [], [], ["one"], 31.0)]
    plan = Plan(lanes=1, seed=1, pace=pace)
    assert len(verdict(Proof(kills=kills), plan, record=tmp_path / "none")) == faults
