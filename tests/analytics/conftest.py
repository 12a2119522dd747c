"""A clean Redis, and the world of `tests.nft` for what has to happen for real."""

import pytest

from core.redis import redis_client
from tests.nft.conftest import localnet, tiers, world

__all__ = ["localnet", "tiers", "world"]


@pytest.fixture(autouse=True)
def _clean_redis() -> None:
    redis_client().flushdb()
