"""A person with a wallet and an HTTP client: nothing else of ours is used."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
from solders.keypair import Keypair

from demo.airdrop import request_airdrop
from demo.system import System
from demo.wallet import sign_message, sign_transaction
from tests.patience import EACH_ITS_CONNECTION, PATIENCE
from tests.plain_http import NO_TLS

CORRELATION = "X-Correlation-Id"
EVENTS = "/api/v1/user/nft-events"
TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"


class Message(NamedTuple):
    id: str
    body: dict[str, Any]

    @property
    def type(self) -> str:
        return str(self.body["type"])


class Member:
    def __init__(self, system: System) -> None:
        self.system = system
        self.wallet = Keypair()
        self.address = str(self.wallet.pubkey())
        self.http = httpx.Client(
            base_url=system.base_url, timeout=PATIENCE, trust_env=False, limits=EACH_ITS_CONNECTION
        )

    # --- calls

    def get(self, path: str) -> Any:
        return self.http.get(path).raise_for_status().json()

    def post(self, path: str, body: object = None) -> Any:
        answer = self.http.post(path, json={} if body is None else body)
        assert answer.is_success, answer.text
        return answer.json()

    def serve(self, path: str, body: object) -> Any:
        """As the service whose key the system has."""
        key = {"Authorization": f"Api-Key {self.system.service_api_key}"}
        return self.http.post(path, json=body, headers=key).raise_for_status().json()

    # --- the way to an upgrade

    def sign_in(self) -> None:
        answer = self.get(f"/api/auth/nonce/{self.address}")
        tokens = self.post("/api/auth/verify", sign_message(self.wallet, answer))
        self.http.headers["Authorization"] = f"Bearer {tokens['access']}"

    def sign_in_by_browser(self) -> str:
        """A session; the person's id."""
        answer = self.get(f"/api/auth/nonce/{self.address}")
        found = self.post("/api/auth/login", sign_message(self.wallet, answer))
        return str(found["user"]["id"])

    def earn(self) -> None:
        """Coins for the fee, volume, and every badge of the first two tiers, activated."""
        request_airdrop(self.system.localnet.rpc_url, self.address, 10**9)
        trade = {
            "tradeId": f"t-{uuid4()}",
            "walletAddress": self.address,
            "volumeUsd": "250000",
            "executedAt": "2026-01-01T00:00:00Z",
        }
        (result,) = self.serve("/api/v1/trades", [trade])["results"]
        assert result["status"] == "recorded"
        tiers = self.get("/api/v1/tiers")["results"][:2]
        for slug in [slug for tier in tiers for slug in tier["requiredBadges"]]:
            self.serve(f"/api/v1/badges/{slug}/award", {"walletAddress": self.address})
        for badge in self.get("/api/v1/user/badges")["results"]:
            self.post(f"/api/v1/user/badges/{badge['id']}/activate")

    def unlock(self) -> str:
        """The id of the first NFT, once it is in the wallet."""
        nft = self.post("/api/v1/user/unlock-nft", {"tierLevel": 1})
        self.read(EVENTS, after=0, until="nft_unlocked")
        return str(nft["nftId"])

    def start(self, nft_id: str, *, correlation: str = "") -> Any:
        """Under the client's own id, or under one that the server makes."""
        body = {"currentNftId": nft_id, "targetLevel": 2}
        headers = {CORRELATION: correlation} if correlation else {}
        answer = self.http.post("/api/nft/upgrade", json=body, headers=headers)
        assert answer.is_success, answer.text
        assert answer.headers[CORRELATION] == correlation or not correlation
        return answer.json()

    def burn(self, started: Any) -> None:
        self.post(started["links"]["burnConfirm"], sign_transaction(self.wallet, started))

    # --- streams

    @contextmanager
    def stream(self, path: str, *, after: int | str | None = None) -> Iterator[Iterator[Message]]:
        """Leaving it cuts the connection."""
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        with self.http.stream("GET", path, headers=headers, timeout=PATIENCE) as answer:
            assert answer.status_code == 200, answer.read()
            yield _messages(answer)

    def read(
        self,
        path: str,
        *,
        until: str,
        after: int | str | None = None,
        note: Callable[[Message], object] = lambda _: None,
    ) -> list[Message]:
        """The events up to the first of type `until`, then the connection is cut."""
        found: list[Message] = []
        with self.stream(path, after=after) as messages:
            for message in messages:
                note(message)
                if "eventType" in message.body:
                    found.append(message)
                if message.type == until:
                    return found
        raise AssertionError(f"The stream ended before {until}: {found}")

    # --- the chain

    def held(self) -> list[str]:
        """The mints of the tokens that the wallet holds, finalized."""
        config = {"encoding": "jsonParsed", "commitment": "finalized"}
        call = {
            "jsonrpc": "2.0", "id": 1, "method": "getTokenAccountsByOwner",
            "params": [self.address, {"programId": TOKEN_2022}, config],
        }  # fmt: skip
        answer = httpx.post(
            self.system.localnet.rpc_url, json=call, verify=NO_TLS, trust_env=False
        ).json()
        found = [each["account"]["data"]["parsed"]["info"] for each in answer["result"]["value"]]
        return [info["mint"] for info in found if info["tokenAmount"]["amount"] != "0"]


def _messages(answer: httpx.Response) -> Iterator[Message]:
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        else:
            yield Message(fields.get("id", ""), json.loads(fields["data"]))
            fields = {}


def numbers(messages: list[Message]) -> list[int]:
    return [int(message.id) for message in messages]


BESIDES = {"tier_qualification_changed", "notification_created"}


def types(messages: list[Message]) -> list[str]:
    """Without what other groups tell, whenever they come round: qualification, the inbox."""
    found = [message.type for message in messages]
    return [name for name in found if name not in BESIDES]
