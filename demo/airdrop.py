"""Coins from the localnet's faucet."""

import time
from typing import Any

import httpx

WAIT_SECONDS = 20.0


def request_airdrop(rpc_url: str, address: str, lamports: int) -> None:
    """Returns once the coins are there (commitment: confirmed). Raises RuntimeError."""
    with httpx.Client(timeout=10, trust_env=False) as client:
        before = _balance(client, rpc_url, address)
        _call(client, rpc_url, "requestAirdrop", [address, lamports])
        deadline = time.monotonic() + WAIT_SECONDS
        while _balance(client, rpc_url, address) < before + lamports:
            if time.monotonic() > deadline:
                raise RuntimeError(f"The airdrop to {address} did not arrive.")
            time.sleep(0.05)


def balance(rpc_url: str, address: str) -> int:
    """Lamports, at commitment confirmed."""
    with httpx.Client(timeout=10, trust_env=False) as client:
        return _balance(client, rpc_url, address)


def _balance(client: httpx.Client, rpc_url: str, address: str) -> int:
    config = {"commitment": "confirmed"}
    return int(_call(client, rpc_url, "getBalance", [address, config])["value"])


def _call(client: httpx.Client, rpc_url: str, method: str, params: list[Any]) -> Any:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = client.post(rpc_url, json=request).json()
    if "error" in answer:
        raise RuntimeError(f"{method}: {answer['error']}")
    return answer["result"]
