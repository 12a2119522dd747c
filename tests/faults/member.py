"""A member with a wallet, who uses the public HTTP API and the chain, and is never kept waiting."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
from solders.keypair import Keypair
from solders.transaction import VersionedTransaction

from chain.localnet.process import LocalnetFailed
from tests.faults.system import FaultySystem, eventually
from tests.patience import EACH_ITS_CONNECTION, PATIENCE

# An upper bound for one call with a dead helper; a healthy one takes milliseconds.
BURN_ATTEMPTS = 5
SOL = 10**9


class Member:
    def __init__(self, system: FaultySystem) -> None:
        self.system = system
        self.wallet = Keypair()
        self.address = str(self.wallet.pubkey())
        self.headers: dict[str, str] = {}
        self._http = httpx.Client(
            base_url=system.base_url, timeout=PATIENCE, trust_env=False, limits=EACH_ITS_CONNECTION
        )
        system.clients.append(self._http)
        system.chain.airdrop(self.address, SOL)

    # --- calls

    def send(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        return self._http.request(
            method, path, json={} if body is None else body, headers=self.headers | headers
        )

    def get(self, path: str) -> Any:
        return _good(self.send("GET", path))

    def post(self, path: str, body: object = None) -> Any:
        return _good(self.send("POST", path, body))

    def as_service(self, path: str, body: object) -> Any:
        key = f"Api-Key {self.system.service_api_key}"
        return _good(self.send("POST", path, body, Authorization=key))

    # --- what a member does

    def sign_in(self) -> None:
        message = self.get(f"/api/auth/nonce/{self.address}")["message"]
        signature = str(self.wallet.sign_message(message.encode()))
        body = {"address": self.address, "message": message, "signature": signature}
        access = self.post("/api/auth/verify", body)["access"]
        self.headers = {"Authorization": f"Bearer {access}"}

    def earn(self, level: int) -> None:
        """Trades and activated badges that `level` asks for."""
        tier = next(t for t in self.get("/api/v1/tiers")["results"] if t["level"] == level)
        self.trade(tier["requiredVolume"])
        for slug in tier["requiredBadges"]:
            self.as_service(f"/api/v1/badges/{slug}/award", {"walletAddress": self.address})
        for badge in self.get("/api/v1/user/badges")["results"]:
            if badge["status"] == "earned":
                self.post(f"/api/v1/user/badges/{badge['id']}/activate")

    def trade(self, volume: str) -> None:
        trade = {
            "tradeId": str(uuid4()),
            "walletAddress": self.address,
            "volumeUsd": str(volume),
            "executedAt": datetime.now(UTC).isoformat(),
        }
        results = self.as_service("/api/v1/trades", [trade])["results"]
        assert [result["status"] for result in results] == ["recorded"]

    def unlock(self) -> None:
        self.post("/api/v1/user/unlock-nft", {"tierLevel": 1})

    def start_upgrade(self) -> Any:
        return self.post("/api/nft/upgrade", self.next_upgrade())

    def next_upgrade(self) -> dict[str, Any]:
        nft = self.nft()
        return {"currentNftId": nft["id"], "targetLevel": nft["tierLevel"] + 1}

    def burn(self, upgrade: Any, get: Callable[[str], Any] | None = None) -> str:
        """The signature. Too late for a blockhash, it asks by `get` for a fresh transaction."""
        fresh = upgrade
        for _ in range(BURN_ATTEMPTS):
            try:
                return self._sign_and_send(fresh["burnTransaction"])
            except LocalnetFailed as error:  # refused for its age, nothing was sent
                if "BlockhashNotFound" not in str(error):
                    raise
            fresh = (get or self.get)(upgrade["links"]["burnTransaction"])
        raise AssertionError("no blockhash lived until its signature")

    def _sign_and_send(self, unsigned: str) -> str:
        message = VersionedTransaction.from_bytes(base64.b64decode(unsigned)).message
        raw = bytes(VersionedTransaction(message, [self.wallet]))
        options = {"encoding": "base64", "preflightCommitment": "confirmed"}
        return str(
            self.system.chain.call("sendTransaction", base64.b64encode(raw).decode(), options)
        )

    def confirm(self, upgrade: Any, signature: str) -> None:
        self.post(upgrade["links"]["burnConfirm"], {"burnSignature": signature})

    # --- what it sees

    def nft(self) -> Any:
        return self.get("/api/v1/user/nfts")["results"][0]

    def status(self, upgrade: Any) -> str:
        return str(self.get(upgrade["links"]["self"])["status"])

    def wait_for_nft(self) -> None:
        eventually(lambda: self.nft()["status"] == "active", "the first NFT")

    def wait_for(self, upgrade: Any, status: str) -> None:
        eventually(lambda: self.status(upgrade) == status, f"{status}, now {self.status(upgrade)}")

    def minted(self) -> list[str]:
        """Mint addresses of the NFTs that the wallet holds on chain."""
        config = {"encoding": "jsonParsed", "commitment": "processed"}
        program = {"programId": "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"}
        found = self.system.chain.call("getTokenAccountsByOwner", self.address, program, config)
        infos = [item["account"]["data"]["parsed"]["info"] for item in found["value"]]
        return [info["mint"] for info in infos if info["tokenAmount"]["amount"] == "1"]


def newcomer(system: FaultySystem) -> Member:
    """Signed in and qualified for the first tier."""
    member = Member(system)
    member.sign_in()
    member.earn(1)
    return member


def owners(system: FaultySystem, count: int) -> list[Member]:
    """Each with the first tier's NFT, qualified for the second."""
    members = [newcomer(system) for _ in range(count)]
    for member in members:
        member.unlock()
    for member in members:
        member.wait_for_nft()
        member.earn(2)
    return members


def _good(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.url.path}: {answer.status_code} {answer.text}"
    return answer.json()
