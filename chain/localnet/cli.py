"""Starting the localnet: `python -m chain.localnet`, `manage.py localnet`, and the tests."""

import argparse
import ctypes
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import cast

import uvicorn

from .guard import Guard
from .ledger import DEFAULT_FINALITY, Ledger
from .server import build_app
from .service import DEFAULT_AIRDROP_CAP, Localnet
from .storage import StateUnusable, Storage

_PR_SET_PDEATHSIG = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, default=8899, help="0 takes a free one")
    parser.add_argument("--slot-ms", type=_count, default=400, help="0: only test hooks tick")
    parser.add_argument("--finality", type=_depth, default=DEFAULT_FINALITY, help="in slots")
    parser.add_argument("--state", type=Path, default=None, help="file that keeps the ledger")
    parser.add_argument("--airdrop-cap", type=_count, default=DEFAULT_AIRDROP_CAP, help="lamports")
    parser.add_argument(
        "--allow-origin", action="append", default=[], help="a page's origin, beside this machine's"
    )
    parser.add_argument("--test-hooks", action="store_true", help="serve tick and rollback")
    parser.add_argument("--parent", type=int, default=None, help="stop when this process ends")


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT. Says `{"rpcUrl", ...}` in one line once it listens."""
    if options.parent is not None and not _die_with(options.parent):
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn stops first, then raises it again
    try:
        listener = _listen(options.port)
        storage = Storage(options.state)
    except (OSError, StateUnusable) as error:
        sys.stderr.write(f"localnet: {error}\n")
        return 1
    try:
        _serve(options, listener, storage)
    finally:
        storage.close()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="localnet", description="A Solana cluster of one.")
    add_arguments(parser)
    return run(parser.parse_args())


def _serve(options: argparse.Namespace, listener: socket.socket, storage: Storage) -> None:
    ledger = Ledger(storage, now=time.time(), finality=options.finality)
    net = Localnet(ledger, airdrop_cap=options.airdrop_cap, test_hooks=options.test_hooks)
    app = build_app(
        net,
        slot_seconds=options.slot_ms / 1000,
        guard=Guard(frozenset(options.allow_origin)),
        on_ready=lambda: _say_ready(ledger, listener.getsockname()[1]),
    )
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=cast(int, 0.5),  # seconds; any number does
    )
    uvicorn.Server(config).run(sockets=[listener])


def _listen(port: int) -> socket.socket:
    """Loopback only, by construction: no option names another address."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    return listener


def _say_ready(ledger: Ledger, port: int) -> None:
    ready = {
        "rpcUrl": f"http://127.0.0.1:{port}",
        "wsUrl": f"ws://127.0.0.1:{port}/",
        "port": port,
        "genesisHash": str(ledger.genesis_hash),
        "slot": ledger.slot,
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()


def _die_with(parent: int) -> bool:
    """Linux ends this process with the thread that started it; False if that is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == parent


def _port(text: str) -> int:
    return _within(text, 0, 65535)


def _count(text: str) -> int:
    return _within(text, 0, 2**63)


def _depth(text: str) -> int:
    return _within(text, 1, 150)


def _within(text: str, low: int, high: int) -> int:
    number = int(text)
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"must be from {low} to {high}")
    return number
