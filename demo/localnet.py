"""The demo's Solana: short slots, and a ledger that outlives a run."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from core.processes import spawn, stop

START_SECONDS = 120.0
# Final after SLOT_MS * FINALITY_SLOTS = 3 s; a blockhash lives 150 slots = 30 s.
SLOT_MS = 200
FINALITY_SLOTS = 15
AIRDROP_CAP_LAMPORTS = 1000 * 10**9


@dataclass(frozen=True)
class Localnet:
    rpc_url: str
    ws_url: str
    genesis_hash: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        stop(self.process, grace=5)


def start_localnet(state: Path, log: Path, *, slot_ms: int = SLOT_MS) -> Localnet:
    """Serve the ledger in `state`. Raises RuntimeError, with its log, when it does not start."""
    with log.open("wb") as output:
        process = spawn(
            [sys.executable, "-m", "chain.localnet", "--port=0", f"--slot-ms={slot_ms}",
             f"--finality={FINALITY_SLOTS}", f"--state={state}",
             f"--airdrop-cap={AIRDROP_CAP_LAMPORTS}"],
            cwd=Path(__file__).resolve().parent.parent, log=output,
        )  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while (ready := _ready_line(log)) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            raise RuntimeError(f"The localnet did not start: {log.read_text()[-2000:]}")
        time.sleep(0.05)
    return Localnet(ready["rpcUrl"], ready["wsUrl"], ready["genesisHash"], process)


def _ready_line(log: Path) -> dict[str, str] | None:
    """What it says, in one line of JSON, once it listens."""
    for line in log.read_text().splitlines(keepends=True):
        if line.startswith('{"') and line.endswith("\n"):
            ready: dict[str, str] = json.loads(line)
            return ready
    return None
