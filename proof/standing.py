"""Promises that hold at every moment, checked at the very call or commit that could break them."""

import base64

import httpx

from proof.phases import State, Witness

PROVEN = ("minting", "mint_failed", "completed")


class Promises:
    """Asks the database and the chain by itself, past the code under proof."""

    def __init__(self, witness: Witness, rpc_url: str) -> None:
        self._witness = witness
        self._http = httpx.Client(base_url=rpc_url, timeout=10, trust_env=False)
        self._final: set[str] = set()

    def before_sending(self, encoded: str) -> list[str]:
        """A transaction that is sent can land: it must be known after a crash."""
        if self._witness.is_kept(base64.b64decode(encoded)):
            return []
        return ["A transaction was sent before it was persisted."]

    def after_commit(self, state: State | None) -> list[str]:
        if state is None:
            return []
        found = []
        if state.consumed and not self._is_done(state):
            found.append(f"Badges are consumed while the request is {state.status}.")
        if state.status in PROVEN and not self._is_final(state.burn_signature):
            found.append("A burn counts as proven before the chain has finalized it.")
        if state.is_minted and not self._is_final(state.mint_signature):
            found.append("A mint counts as made before the chain has finalized it.")
        return found

    @staticmethod
    def _is_done(state: State) -> bool:
        return state.status == "completed" or state.status == "unlock minted"

    def _is_final(self, signature: str | None) -> bool:
        if signature is None or signature in self._final:
            return signature is not None
        params = [[signature], {"searchTransactionHistory": True}]
        body = {"jsonrpc": "2.0", "id": 1, "method": "getSignatureStatuses", "params": params}
        [status] = self._http.post("", json=body).raise_for_status().json()["result"]["value"]
        if status is None or status["confirmationStatus"] != "finalized" or status["err"]:
            return False
        self._final.add(signature)
        return True
