from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from chain import rpc
from core.redis import breaker
from nft.services.seeding import seed_ladder
from tests.faults.network.lies import KINDS
from tests.faults.network.node import LyingNode


@pytest.fixture(scope="session")
def lying_node() -> Iterator[LyingNode]:
    node = LyingNode(KINDS)
    yield node
    node.stop()


@pytest.fixture
def node(
    lying_node: LyingNode,
    transactional_db: None,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[LyingNode]:
    """What the application is configured with. No message reaches a worker: none is needed."""
    seed_ladder()
    settings.SOLANA_RPC_URL = lying_node.rpc_url
    settings.CHAIN_POLL_INTERVAL = settings.SOLANA_SLOT_DURATION = timedelta(milliseconds=1)
    monkeypatch.setattr(rpc, "_BEHIND_PAUSE_S", 0.001)
    monkeypatch.setattr(breaker, "_closed_until", float("inf"))
    yield lying_node
    lying_node.heal()
