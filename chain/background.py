"""One event loop a process, in a thread of its own, that keeps the connections to the nodes.

solana-py's client is bound to its event loop, and opening one costs tens of milliseconds (TLS
settings, handshake). Synchronous callers hand their coroutine over and wait.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from chain.errors import ChainUnavailable
from chain.rpc import RpcTransport

T = TypeVar("T")

CLOSE_SECONDS = 1.0


@dataclass
class _Background:
    """`pid`: a forked child has the object, but not the thread."""

    pid: int
    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    transports: dict[tuple[str, float], RpcTransport] = field(default_factory=dict)


@dataclass(frozen=True)
class _Outcome:
    """An exception as a value: raised inside the loop, SystemExit would end it for everybody."""

    value: object = None
    error: BaseException | None = None


_lock = threading.Lock()
_current: _Background | None = None


def run_in_background(work: Callable[[], Awaitable[T]], *, deadline: float) -> T:
    """The result of `work()`; `deadline` in seconds.

    Raises what it raises, or ChainUnavailable("DEADLINE_EXCEEDED").
    """

    async def guarded() -> _Outcome:
        try:
            async with asyncio.timeout(deadline):
                return _Outcome(await work())
        except BaseException as error:  # noqa: BLE001 - handed to the caller, all of them
            return _Outcome(error=error)

    outcome = asyncio.run_coroutine_threadsafe(guarded(), _background().loop).result()
    if isinstance(outcome.error, TimeoutError):
        message = "The chain did not answer before the deadline."
        raise ChainUnavailable("DEADLINE_EXCEEDED", message) from None
    if outcome.error is not None:
        raise outcome.error
    return outcome.value  # type: ignore[return-value]


async def shared_transport(rpc_url: str, *, request_seconds: float) -> RpcTransport:
    """The process's connections to a node, opened on first use."""
    transports = _background().transports
    if (rpc_url, request_seconds) not in transports:
        transports[rpc_url, request_seconds] = await RpcTransport(
            rpc_url, timeout=request_seconds
        ).__aenter__()
    return transports[rpc_url, request_seconds]


def _background() -> _Background:
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever, name="chain", daemon=True)
            _current = _Background(os.getpid(), loop, thread)
            thread.start()
        return _current


@atexit.register
def _close() -> None:
    background = _current
    if background is None or background.pid != os.getpid():
        return

    async def close_all() -> None:
        for transport in background.transports.values():
            await transport.close()

    asyncio.run_coroutine_threadsafe(close_all(), background.loop).result(CLOSE_SECONDS)
    background.loop.call_soon_threadsafe(background.loop.stop)
    background.thread.join(CLOSE_SECONDS)
    background.loop.close()
