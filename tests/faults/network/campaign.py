"""Many runs of the state machine from one seed, and what they came to."""

from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.network.machine import LyingNetwork
from tests.faults.network.node import LyingNode
from tests.faults.network.tally import LEAST_STEPS, Tally

STEPS = 40  # a run


def run_campaign(node: LyingNode, *, number: int, runs: int) -> Tally:
    """`number` is the seed, for so many runs. Raises what a run raised, after Hypothesis named its steps."""
    node.hits.clear()
    tally = Tally()

    class Machine(LyingNetwork):
        pass

    Machine.node = node
    Machine.on_end = lambda machine: _count(tally, machine)  # type: ignore[method-assign]
    chosen = settings(
        max_examples=runs,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(number)(Machine), settings=chosen, _min_steps=LEAST_STEPS)
    except BaseException:
        print(f"\nSeed {number}, {runs} runs")  # noqa: T201
        raise
    tally.hits = Counter(node.hits)
    return tally


def _count(tally: Tally, machine: LyingNetwork) -> None:
    tally.runs += 1
    tally.steps += machine.steps
    tally.short_runs += machine.steps < LEAST_STEPS
    tally.ends += machine.ends()
    tally.refusals += machine.refusals
