"""Randomized runs against a network that lies, and what the proof itself is worth."""

import os
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from chain import rpc
from core.redis import breaker
from nft.services.seeding import seed_ladder
from tests.faults.network.campaign import run_campaign
from tests.faults.network.lies import KINDS
from tests.faults.network.node import LyingNode

pytestmark = pytest.mark.django_db(transaction=True)

IS_LONG = os.environ.get("FAULTS_PROFILE") == "long"
CAMPAIGNS = 50 if IS_LONG else 1
SEED = int(os.environ.get("FAULTS_SEED") or secrets.randbelow(1_000_000))
REPORT = os.environ.get("FAULTS_REPORT")


@pytest.fixture(scope="module")
def lying_node() -> Iterator[LyingNode]:
    node = LyingNode(KINDS)
    yield node
    node.stop()


@pytest.fixture
def node(
    lying_node: LyingNode, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LyingNode]:
    """What the application is configured with. No message reaches a worker: none is needed."""
    seed_ladder()
    settings.SOLANA_RPC_URL = lying_node.rpc_url
    settings.CHAIN_POLL_INTERVAL = settings.SOLANA_SLOT_DURATION = timedelta(milliseconds=1)
    monkeypatch.setattr(rpc, "_BEHIND_PAUSE_S", 0.001)
    monkeypatch.setattr(breaker, "_closed_until", float("inf"))
    yield lying_node
    lying_node.heal()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("campaign", range(CAMPAIGNS))
def test_no_lie_of_the_network_breaks_a_promise(node: LyingNode, campaign: int) -> None:
    number = SEED + campaign
    tally = run_campaign(node, number=number)
    print(f"\nSeed {number}\n{tally.report()}")  # noqa: T201
    if REPORT:
        tally.save(Path(REPORT), number)
    assert tally.ends["completed"]
