"""A client of the public HTTP API, as an application in front of it would write one."""

import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx
from solders.keypair import Keypair

Json = dict[str, Any]


class StepFailed(Exception):
    """The upgrade cannot go on; the message says what the server answered."""


@dataclass(frozen=True)
class Message:
    """One message of a stream. `at` is when it arrived, in seconds of `time.monotonic()`."""

    at: float
    id: str
    body: Json

    @property
    def type(self) -> str:
        return str(self.body["type"])

    @property
    def data(self) -> Json:
        found: Json = self.body.get("data", {})
        return found


class ApiClient:
    """Talks to `base_url` as the owner of `wallet`, once `sign_in()` has been called."""

    def __init__(self, base_url: str, wallet: Keypair) -> None:
        self.wallet = wallet
        self.address = str(wallet.pubkey())
        self._http = httpx.AsyncClient(base_url=base_url, timeout=15, trust_env=False)
        self._bearer: dict[str, str] = {}

    async def __aenter__(self) -> "ApiClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def sign_in(self) -> str:
        """Sign in with the wallet; returns the text that it signed."""
        nonce = await self.get(f"/api/auth/nonce/{self.address}")
        message: str = nonce["message"]
        body = {
            "address": self.address,
            "message": message,
            "signature": str(self.wallet.sign_message(message.encode())),
        }
        answer = await self.post("/api/auth/verify", body)
        self._bearer = {"Authorization": f"Bearer {answer['access']}"}
        return message

    async def get(self, path: str) -> Any:
        return await self._call("GET", path, None, self._bearer)

    async def post(self, path: str, body: object = None, *, api_key: str | None = None) -> Any:
        """With `api_key`, as that service and not as the wallet's owner."""
        headers = {"Authorization": f"Api-Key {api_key}"} if api_key else self._bearer
        return await self._call("POST", path, body, headers)

    async def _call(self, method: str, path: str, body: object, headers: dict[str, str]) -> Any:
        response = await self._http.request(
            method, path, json=body if body is not None else {}, headers=headers
        )
        if not response.is_success:
            raise StepFailed(f"{method} {path} answered {response.status_code}: {response.text}")
        return response.json() if response.content else None

    async def stream(self, path: str, *, seconds: float) -> AsyncGenerator[Message, None]:
        """The messages of an SSE stream; raises StepFailed when it is silent for `seconds`."""
        headers = self._bearer | {"Accept": "text/event-stream"}
        timeout = httpx.Timeout(15, read=seconds)
        try:
            async with self._http.stream("GET", path, headers=headers, timeout=timeout) as answer:
                if answer.status_code != 200:
                    text = (await answer.aread()).decode()
                    raise StepFailed(f"GET {path} answered {answer.status_code}: {text}")
                async with aclosing(_messages(answer)) as messages:
                    async for message in messages:
                        yield message
        except httpx.ReadTimeout:
            raise StepFailed(f"GET {path}: nothing came for {seconds:.0f} s") from None


async def _messages(answer: httpx.Response) -> AsyncGenerator[Message, None]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = fields.get(name, "") + value.removeprefix(" ")
        elif "data" in fields:
            yield Message(time.monotonic(), fields.get("id", ""), json.loads(fields["data"]))
            fields = {}
