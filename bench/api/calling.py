"""Calls by a schedule, over kept connections, timed from the moment they were due."""

import asyncio
import itertools
import time
from collections.abc import Sequence

from bench.stand import BenchFailed

CONNECTIONS = 8
CALL_SECONDS = 10.0


def latencies(
    port: int, *, key: str, paths: Sequence[str], rate: int, seconds: float
) -> list[float]:
    """In ms, one a call. A call whose connection is still busy waits, and the wait counts."""
    return asyncio.run(_run(port, key, paths, rate, int(rate * seconds)))


async def _run(port: int, key: str, paths: Sequence[str], rate: int, count: int) -> list[float]:
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    begin = time.perf_counter() + 0.05

    async def call(place: int, path: str) -> float:
        due = begin + place / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        connection = await free.get()
        async with asyncio.timeout(CALL_SECONDS):
            await _ask(*connection, path, key)
        free.put_nowait(connection)
        return (time.perf_counter() - due) * 1000

    calls = zip(range(count), itertools.cycle(paths), strict=False)
    found = await asyncio.gather(*(call(place, path) for place, path in calls))
    while not free.empty():
        free.get_nowait()[1].close()
    return list(found)


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, key: str
) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Api-Key {key}\r\n\r\n"
    writer.write(request.encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    if not head.startswith("http/1.1 200"):
        raise BenchFailed(f"A call was answered with {head.splitlines()[0]}")
    length = next(
        line.partition(":")[2] for line in head.splitlines() if line.startswith("content-length:")
    )
    await reader.readexactly(int(length))
