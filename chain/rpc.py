"""The transport: one JSON-RPC request in, its plain JSON result out.

It goes through solana-py's AsyncClient with untyped results, because the typed ones panic on
error codes that come without `data`, and know no `minContextSlot`.
"""

import asyncio
import logging
from types import TracebackType
from typing import Any, Self

import httpx2
from pydantic import ValidationError
from solana.exceptions import SolanaRpcException
from solana.rpc.async_api import AsyncClient
from solana.rpc.jsonrpc import JsonRpcRequest, SolanaJsonRpcError

from chain.errors import (
    ChainError,
    ChainUnavailable,
    from_http_status,
    from_rpc_error,
    panics_as_unavailable,
)

# They log whole URLs, and a node's URL often carries an API key.
for _noisy in ("httpx2", "httpcore2"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)

_BEHIND_PAUSE_S = 0.4  # one slot


class RpcTransport:
    """Bound to the event loop that it was opened in. `timeout` in seconds, for each request."""

    def __init__(self, rpc_url: str, *, timeout: float, behind_retries: int = 3):
        self._client = AsyncClient(rpc_url, timeout=timeout, http2=False, max_transport_retries=0)
        self._timeout = timeout
        self._behind_retries = behind_retries

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.close()

    async def request(self, method: str, params: list[Any]) -> Any:
        """The `result` member. Raises ChainUnavailable or ChainRejected.

        Behind a balancer one node may be a slot or two behind another: that is waited out.
        """
        for _ in range(self._behind_retries):
            try:
                return await self._request_once(method, params)
            except ChainUnavailable as error:
                if error.code != "NODE_BEHIND":
                    raise
            await asyncio.sleep(_BEHIND_PAUSE_S)
        return await self._request_once(method, params)

    async def _request_once(self, method: str, params: list[Any]) -> Any:
        failure: ChainError
        try:
            # httpx's timeout is between two bytes; this one is for the whole answer.
            async with asyncio.timeout(self._timeout):
                with panics_as_unavailable():
                    request = JsonRpcRequest(method=method, params=params)
                    return await self._client.send_rpc_request(request, Any)
        except SolanaJsonRpcError as error:
            failure = from_rpc_error(method, error.code, error.data)
        except SolanaRpcException as error:
            failure = _from_transport(error.__cause__)
        except TimeoutError:
            failure = ChainUnavailable("RPC_TIMEOUT", "The Solana node did not answer in time.")
        except (ValidationError, UnicodeError):
            failure = ChainUnavailable("RPC_BAD_REPLY", "The Solana node's answer is not JSON-RPC.")
        # Raised out here, so that no chained error carries the URL.
        raise failure


def _from_transport(cause: BaseException | None) -> ChainUnavailable:
    if isinstance(cause, httpx2.HTTPStatusError):
        return from_http_status(cause.response.status_code)
    if isinstance(cause, httpx2.TimeoutException):
        return ChainUnavailable("RPC_TIMEOUT", "The Solana node did not answer in time.")
    return ChainUnavailable("RPC_UNREACHABLE", "The Solana node cannot be reached.")
