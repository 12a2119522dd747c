"""The chain as the proof asks it: plain JSON-RPC, past the client that is under proof."""

import base64
from typing import Any

import httpx

from chain.records import ForeignAccount, MintAccount
from chain.replies import read_account

TOKEN_PROGRAM = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"  # noqa: S105 - an address
# A kept one may be closed in the moment in which it is used.
A_CONNECTION_A_CALL = httpx.Limits(max_keepalive_connections=0)


class Node:
    def __init__(self, url: str) -> None:
        self._http = httpx.Client(
            base_url=url, timeout=30, trust_env=False, limits=A_CONNECTION_A_CALL
        )

    def call(self, method: str, *params: Any) -> Any:
        """Raises RuntimeError with the error that the node answered."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        reply = self._http.post("", json=body).raise_for_status().json()
        if "error" in reply:
            raise RuntimeError(str(reply["error"]))
        return reply["result"]

    def send(self, raw: bytes) -> str:
        options = {"encoding": "base64", "preflightCommitment": "processed"}
        return str(self.call("sendTransaction", base64.b64encode(raw).decode(), options))

    def is_final(self, signature: str) -> bool:
        history = {"searchTransactionHistory": True}
        [status] = self.call("getSignatureStatuses", [signature], history)["value"]
        return bool(status and status["confirmationStatus"] == "finalized")

    def mint(self, address: str) -> MintAccount | ForeignAccount | None:
        config = {"encoding": "base64", "commitment": "finalized"}
        reply = self.call("getAccountInfo", address, config)
        return read_account(reply["value"], address=address, slot=reply["context"]["slot"])

    def held_by(self, wallet: str) -> list[str]:
        """Mints of which the wallet holds one, at the newest slot."""
        config = {"encoding": "jsonParsed", "commitment": "processed"}
        found = self.call("getTokenAccountsByOwner", wallet, {"programId": TOKEN_PROGRAM}, config)
        infos = [item["account"]["data"]["parsed"]["info"] for item in found["value"]]
        return [info["mint"] for info in infos if info["tokenAmount"]["amount"] == "1"]
