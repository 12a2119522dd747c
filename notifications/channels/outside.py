"""One POST to a server that a stranger named. Loaded when one is sent: aiohttp takes long to load."""

import asyncio
import socket
from collections.abc import Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from notifications.channels.network import is_own_loopback, is_public

# All of it: name, connection, TLS, answer. A server that drips must not keep a worker.
TOTAL_SECONDS = 10.0
NAME_SECONDS = 5.0


class Unreachable(Exception):
    """No answer; the message is the kind of the error, and never an address."""


class OutsideResolver(AbstractResolver):
    """Resolves names, and refuses those that lead inside. The connection goes to exactly the
    addresses that were looked at, so a name that changes meanwhile gains nothing.
    """

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await asyncio.wait_for(self._resolver.resolve(host, port, family), NAME_SECONDS)
        outside = [it for it in found if is_public(it["host"]) or is_own_loopback(it["host"])]
        if not outside:
            raise OSError("the name leads to no public address")
        return outside

    async def close(self) -> None:
        await self._resolver.close()


async def post(endpoint: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    """Status and Retry-After. The answer's body is not read, and no redirect followed.

    Raises Unreachable.
    """
    connector = aiohttp.TCPConnector(resolver=OutsideResolver(), force_close=True)
    limit = aiohttp.ClientTimeout(total=TOTAL_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=limit) as session,
            session.post(endpoint, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, answer.headers.get("Retry-After", "")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unreachable(type(error).__name__) from None
