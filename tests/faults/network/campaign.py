"""Many runs of the state machine from one seed, and what they came to."""

from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.network.lies import KINDS
from tests.faults.network.machine import LyingNetwork
from tests.faults.network.node import FINALITY, STOPPED, LyingNode
from tests.faults.network.tally import LEAST_STEPS, Tally

STEPS = 40  # a run


def run_campaign(node: LyingNode, *, number: int, runs: int) -> Tally:
    """`number` is the seed of so many runs; a few more meet the faults that those left out.

    Raises what a run raised, after Hypothesis named its steps.
    """
    node.hits.clear()
    tally = Tally()

    class Machine(LyingNetwork):
        def on_end(self) -> None:
            _count(tally, self)

    LyingNetwork.node = node
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
    for name in [name for name in KINDS if not node.hits[name]]:
        _meet(LyingNetwork(), name)
    tally.hits = Counter(node.hits)
    return tally


def _meet(machine: LyingNetwork, name: str) -> None:
    """A fault that chance left out, once in the middle of an upgrade."""
    machine.begin(seed=0)
    machine.upgrade(who=0, tell=True)
    machine.let_slots_pass(FINALITY + 1)
    if name == STOPPED:
        machine.stop_the_network(minutes=1)
    else:
        machine.arm(name, times=1)
    for _ in range(6):
        machine.work(rounds=1, slots=12)
        machine.nothing_is_broken()
    machine.teardown()


def _count(tally: Tally, machine: LyingNetwork) -> None:
    tally.runs += 1
    tally.steps += machine.steps
    tally.short_runs += machine.steps < LEAST_STEPS
    tally.ends += machine.ends()
    tally.refusals += machine.refusals
