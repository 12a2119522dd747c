"""Tests with several hands: calls at the same moment, and waiting for what another does."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from tests.patience import PATIENCE


def run_together(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Each call in a thread with a database connection of its own.

    The results in the order of the calls; a call that raised gives its exception."""
    barrier = Barrier(len(calls), timeout=PATIENCE)

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(run, calls))


async def until(done: Callable[[], bool]) -> None:
    """Wait for what another task brings about. Raises TimeoutError after 30 s."""
    async with asyncio.timeout(PATIENCE):
        while not done():  # noqa: ASYNC110 - whatever the test can see
            await asyncio.sleep(0.02)
