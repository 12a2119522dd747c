"""When transactions of a wallet happened, as a subscriber of the chain's WebSocket sees it."""

import asyncio
import json
import time
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect

COMMITMENTS = ("processed", "finalized")


class ChainWatch:
    """Notes when each transaction that names `wallet` is processed, and when it is final.

    Times are seconds of `time.monotonic()`. Use as an async context manager.
    """

    def __init__(self, ws_url: str, wallet: str) -> None:
        self._url = ws_url
        self._wallet = wallet
        self._seen: dict[tuple[str, str], asyncio.Future[float]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> "ChainWatch":
        self._socket = await connect(self._url, proxy=None, open_timeout=10)
        commitments = {}
        for number, commitment in enumerate(COMMITMENTS):
            params = [{"mentions": [self._wallet]}, {"commitment": commitment}]
            request = {"jsonrpc": "2.0", "id": number, "method": "logsSubscribe", "params": params}
            await self._socket.send(json.dumps(request))
            answer = json.loads(await asyncio.wait_for(self._socket.recv(), 10))
            commitments[answer["result"]] = commitment
        self._reader = asyncio.create_task(self._read(self._socket, commitments))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader
        if self._socket is not None:
            await self._socket.close()

    async def processed(self, signature: str, *, seconds: float = 30) -> float:
        return await asyncio.wait_for(self._moment(signature, "processed"), seconds)

    async def finalized(self, signature: str, *, seconds: float = 60) -> float:
        return await asyncio.wait_for(self._moment(signature, "finalized"), seconds)

    def _moment(self, signature: str, commitment: str) -> asyncio.Future[float]:
        future = asyncio.get_running_loop().create_future
        return self._seen.setdefault((signature, commitment), future())

    async def _read(self, socket: ClientConnection, commitments: dict[int, str]) -> None:
        async for text in socket:
            now = time.monotonic()
            notice = json.loads(text).get("params")
            if notice is None or notice["subscription"] not in commitments:
                continue
            signature = notice["result"]["value"]["signature"]
            moment = self._moment(signature, commitments[notice["subscription"]])
            if not moment.done():
                moment.set_result(now)
