"""Processes refuse to start on another cluster, and start while the node is merely away."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chain.clusters import GENESIS_HASHES
from chain.localnet.process import LocalnetProcess
from nft.chain_access import greet_chain
from nft.checks import cluster_is_pinned
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


async def first_answer_of_the_web_process() -> dict[str, Any]:
    """What the server hears once it has said that it starts."""
    from config.asgi import start

    answers: list[dict[str, Any]] = []

    class Heard(Exception):
        pass

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)
        raise Heard

    with pytest.raises(Heard):
        await start({"type": "lifespan"}, receive, send)
    return answers[0]


async def test_web_does_not_start_on_another_cluster(
    localnet: LocalnetProcess, settings: Settings
) -> None:
    settings.SOLANA_RPC_URL = localnet.rpc_url
    settings.SOLANA_GENESIS_HASH = GENESIS_HASHES["mainnet"]
    answer = await first_answer_of_the_web_process()
    assert answer["type"] == "lifespan.startup.failed"
    assert "WRONG_CLUSTER" in answer["message"]


def test_a_worker_does_not_start_on_another_cluster(localnet: LocalnetProcess) -> None:
    environment = {
        **os.environ,
        "SOLANA_RPC_URL": localnet.rpc_url,
        "SOLANA_CHAIN": "mainnet",  # and with it, its genesis hash
    }
    worker = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "solo"]
    done = subprocess.run(
        worker, cwd=ROOT, env=environment, timeout=PATIENCE, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "WRONG_CLUSTER" in done.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", None])
def test_a_node_that_is_away_or_ours_stops_nobody(
    localnet: LocalnetProcess, settings: Settings, url: str | None
) -> None:
    settings.SOLANA_GENESIS_HASH = localnet.genesis_hash
    settings.SOLANA_RPC_URL = url or localnet.rpc_url
    greet_chain()


def test_a_deployment_that_believes_any_cluster_is_warned(settings: Settings) -> None:
    settings.SOLANA_GENESIS_HASH = ""
    assert [found.id for found in cluster_is_pinned()] == ["nft.W001"]
    settings.SOLANA_GENESIS_HASH = GENESIS_HASHES["testnet"]
    assert cluster_is_pinned() == []
