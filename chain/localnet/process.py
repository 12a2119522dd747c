"""A localnet in a process of its own, for tests and the demo."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

READY_SECONDS = 120.0
STOP_SECONDS = 5.0
_ROOT = Path(__file__).resolve().parents[2]


class LocalnetFailed(Exception):
    """It did not start, or answered a call with an error."""


class LocalnetProcess:
    """Starts on construction; `with` stops it.

    On Linux it ends with the *thread* that made it (PR_SET_PDEATHSIG), so make it in one that
    lives long enough: the main thread or a session fixture. With `slot_ms=0` time stands still
    until `tick`.
    """

    rpc_url: str
    ws_url: str
    genesis_hash: str

    def __init__(
        self,
        *,
        port: int = 0,
        slot_ms: int = 0,
        finality: int = 32,
        state: Path | None = None,
        test_hooks: bool = True,
        airdrop_cap: int | None = None,
        allow_origins: tuple[str, ...] = (),
    ):
        self.finality = finality
        options = {"port": port, "slot-ms": slot_ms, "finality": finality, "parent": os.getpid()}
        command = [sys.executable, "-m", "chain.localnet"]
        command += [f"--{name}={value}" for name, value in options.items()]
        command += [] if state is None else [f"--state={state}"]
        command += [] if airdrop_cap is None else [f"--airdrop-cap={airdrop_cap}"]
        command += [f"--allow-origin={origin}" for origin in allow_origins]
        command += ["--test-hooks"] if test_hooks else []
        self.process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            command, cwd=_ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        self._http = httpx.Client(timeout=30, trust_env=False)
        try:
            ready = self._wait_until_ready()
        except BaseException:
            self.kill()
            raise
        self.rpc_url, self.ws_url = ready["rpcUrl"], ready["wsUrl"]
        self.port: int = ready["port"]
        self.genesis_hash = ready["genesisHash"]

    @property
    def pid(self) -> int:
        return self.process.pid

    def call(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call. Raises `LocalnetFailed` with the error object."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        reply = self._http.post(self.rpc_url, json=request).raise_for_status().json()
        if "error" in reply:
            raise LocalnetFailed(reply["error"])
        return reply["result"]

    def tick(self, slots: int = 1) -> int:
        slot: int = self.call("localnet_tick", slots)
        return slot

    def rollback(self, slots: int) -> int:
        slot: int = self.call("localnet_rollback", slots)
        return slot

    def finalize(self) -> int:
        """Tick until what landed is final."""
        return self.tick(self.finality)

    def airdrop(self, address: str, lamports: int) -> str:
        """Returns the signature when the money is there at `processed`, not yet final."""
        signature: str = self.call("requestAirdrop", str(address), lamports)
        return signature

    def stop(self) -> None:
        """SIGTERM; it keeps its state and ends by itself."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._release()

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self.process.kill()
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_until_ready(self) -> dict[str, Any]:
        assert self.process.stdout is not None  # noqa: S101  (a pipe was asked for)
        timer = threading.Timer(READY_SECONDS, self.process.kill)
        timer.start()
        try:
            line = self.process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise LocalnetFailed(f"the localnet did not start (exit code {self.process.wait()})")
        ready: dict[str, Any] = json.loads(line)
        return ready

    def _release(self) -> None:
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._http.close()
