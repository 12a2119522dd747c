from collections.abc import AsyncIterator, Iterator

import pytest
from solana.rpc.async_api import AsyncClient

from chain.localnet.process import LocalnetProcess
from tests.patience import PATIENCE


@pytest.fixture(scope="session")
def net() -> Iterator[LocalnetProcess]:
    """Shared: tests use wallets of their own, and time only moves by `tick`."""
    with LocalnetProcess() as process:
        yield process


@pytest.fixture
async def client(net: LocalnetProcess) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(net.rpc_url, timeout=PATIENCE) as client:
        yield client
