"""What came of it, for people, and whether the promise was kept."""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from proof.proving import Plan, Proof

RECORD = Path(__file__).with_name("points.txt")
RECOVERY_SECONDS = 30.0


def report(proof: Proof) -> str:
    kinds = Counter(point.split(" in ")[0].split(": ")[1] for point in proof.found)
    lines = [
        f"Points found: {len(proof.found)} ("
        + ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
        + ")",
        f"Kills: {len(proof.kills)}, survived: {len(proof.survived)},"
        f" at {len({result.case.arms[-1] for result in proof.survived})} points",
    ]
    if times := recovery_times(proof):
        lines.append(
            f"Recovered in: median {percentile(times, 50):.1f} s, p95 {percentile(times, 95):.1f} s,"
            f" longest {times[-1]:.1f} s"
        )
    lines += _listed("that a race led to and that were not met again", proof.by_chance)
    lines += _listed("that only an earlier kill led to and that were not met again", proof.unmet)
    return "\n".join(lines)


def _listed(what: str, points: Sequence[str]) -> list[str]:
    return [f"Points {what}: {len(points)}", *(f"  {it}" for it in points)] if points else []


def recovery_times(proof: Proof) -> list[float]:
    return sorted(result.recovered for result in proof.survived if result.recovered is not None)


def percentile(ordered: list[float], percent: int) -> float:
    """The nearest rank."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def write_record(proof: Proof) -> None:
    """What the traces found; kills only add to it."""
    traced = {point for trace in proof.traces for point in trace.points}
    RECORD.write_text("".join(f"{point}\n" for point in sorted(traced)))


def verdict(proof: Proof, plan: Plan, *, record: Path = RECORD) -> list[str]:
    """What was not as promised; empty when everything was."""
    faults = [f"{len(proof.breaches)} breaches."] if proof.breaches else []
    rare = set(proof.by_chance)
    faults += [f"Never met again: {point}" for point in proof.never if point not in rare]
    known = record.read_text().splitlines() if record.exists() else []
    if len(proof.met) < len(known):
        faults.append(f"Only {len(proof.met)} points were found, and {len(known)} are recorded:")
        faults += [f"  missing: {point}" for point in known if point not in proof.met]
    times = recovery_times(proof)
    if plan.pace == "default" and times and percentile(times, 95) > RECOVERY_SECONDS:
        faults.append(f"The p95 of recovery is over {RECOVERY_SECONDS:.0f} s.")
    return faults
