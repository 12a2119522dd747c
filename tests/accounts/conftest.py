"""A wallet that signs in as a person's wallet would, over HTTP."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from solders.keypair import Keypair

from core.redis import breaker, redis_client
from tests.patience import PATIENCE

_addresses = count(int(IPv4Address("10.0.0.1")))


class Wallet:
    """An Ed25519 keypair and the HTTP calls of its sign-in.

    From an address of its own: what others do meanwhile does not count against its limits.
    """

    def __init__(self, client: Client):
        client.defaults.setdefault("REMOTE_ADDR", str(IPv4Address(next(_addresses))))
        self.keypair = Keypair()
        self.address = str(self.keypair.pubkey())
        self.client = client

    def nonce(self) -> dict[str, Any]:
        response = self.client.get(f"/api/auth/nonce/{self.address}")
        assert response.status_code == 200, response.content
        issued: dict[str, Any] = response.json()
        return issued

    def sign(self, message: str) -> dict[str, str]:
        signature = str(self.keypair.sign_message(message.encode()))
        return {"address": self.address, "message": message, "signature": signature}

    def sign_in(self, route: str = "verify") -> dict[str, Any]:
        """The tokens and the user."""
        response = self.post(route, self.sign(self.nonce()["message"]))
        assert response.status_code == 200, response.content
        signed_in: dict[str, Any] = response.json()
        return signed_in

    def post(self, route: str, body: Any, *, access: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {access}"} if access else {}
        return self.client.post(
            f"/api/auth/{route}", body, content_type="application/json", headers=headers
        )

    def me(self, access: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {access}"} if access else {}
        return self.client.get("/api/v1/user/me", headers=headers)


@pytest.fixture
def new_wallet() -> Callable[[], Wallet]:
    """Each wallet has a browser of its own."""
    return lambda: Wallet(Client())


@pytest.fixture
def wallet(new_wallet: Callable[[], Wallet]) -> Wallet:
    return new_wallet()


def at_once(number: int, work: Callable[[int], Any]) -> list[Any]:
    """What `work(0) … work(number - 1)` return, run in as many threads, released together."""
    start = threading.Barrier(number)

    def run(index: int) -> Any:
        start.wait(PATIENCE)
        try:
            return work(index)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    breaker.reset()
    redis_client().flushdb()
