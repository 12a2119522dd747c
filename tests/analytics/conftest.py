"""A clean Redis, and the world of `tests.nft` for what has to happen for real."""

import pytest

from analytics.services import board_cache
from core.redis import redis_client
from tests.nft.conftest import localnet, tiers, world
from tests.patience import PATIENCE

__all__ = ["localnet", "tiers", "world"]


@pytest.fixture(autouse=True)
def _clean_redis() -> None:
    redis_client().flushdb()


@pytest.fixture(autouse=True)
def _boards_are_kept_for_a_whole_test(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOCK_MS", "ALIVE_MS"):
        monkeypatch.setattr(board_cache, name, int(PATIENCE * 1000))
