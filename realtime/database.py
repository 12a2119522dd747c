"""The few threads through which a server process asks the database for all its streams.

A stream never holds a connection or a thread. Each thread here keeps one Django connection.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
T = TypeVar("T")

CLOSE_SECONDS = 2.0


class DatabaseThreads:
    """Runs synchronous database work for coroutines, `size` calls at a time."""

    def __init__(self, name: str, *, size: int):
        self._size = size
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=name)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises what `work` raises; after a lost connection the next call makes a new one."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: _run(work, *args, **kwargs))

    def close(self) -> None:
        """Close the connections and end the threads; blocks for `CLOSE_SECONDS` at most."""
        together = Barrier(self._size)  # so that every thread takes one of these calls

        def part() -> None:
            together.wait(CLOSE_SECONDS)
            connection.close()

        with suppress(BrokenBarrierError):  # a thread hangs: its connection dies with us
            for closing in [self._pool.submit(part) for _ in range(self._size)]:
                closing.result()
        self._pool.shutdown(wait=False)


def _run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return work(*args, **kwargs)
    except (OperationalError, InterfaceError):
        connection.close()
        raise
