"""Randomized runs against a network that lies."""

import os
import secrets
from pathlib import Path

import pytest

from tests.faults.network.campaign import run_campaign
from tests.faults.network.node import LyingNode

pytestmark = pytest.mark.django_db(transaction=True)

IS_LONG = os.environ.get("FAULTS_PROFILE") == "long"
CAMPAIGNS, RUNS = (20, 50) if IS_LONG else (1, 20)
# The suite walks the same ways each time; `make faults` looks for new ones.
SEED = int(os.environ.get("FAULTS_SEED") or (secrets.randbelow(1_000_000) if IS_LONG else 1))
REPORT = os.environ.get("FAULTS_REPORT")


@pytest.mark.parametrize("campaign", range(CAMPAIGNS))
def test_no_lie_of_the_network_breaks_a_promise(node: LyingNode, campaign: int) -> None:
    number = SEED + campaign
    tally = run_campaign(node, number=number, runs=RUNS)
    print(f"\nSeed {number}\n{tally.report()}")  # noqa: T201
    if REPORT:
        tally.save(Path(REPORT), number)
    assert tally.ends["completed"]
    assert tally.never == []
