"""The two servers that are measured, each in processes of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection

from bench.realtime.plan import Plan
from bench.stand import ROOT, BenchFailed, Stand
from core.processes import spawn, stop
from demo.servers import free_port

START_SECONDS = 60.0
STATE_SECONDS = 20.0
BASELINE = ROOT / "bench" / "baseline"
BASELINE_CHANNEL = "baseline"


@dataclass(frozen=True)
class Server:
    """`channel` is the Redis channel that it hears events on."""

    port: int
    pid: int
    channel: str


@dataclass(frozen=True)
class State:
    """What one worker process holds at a moment."""

    subscriptions: int
    streams: int
    tasks: int
    threads: int
    position: int | None  # of its hub in the log


@contextmanager
def our_server(stand: Stand, plan: Plan) -> Iterator[Server]:
    """uvicorn as the Procfile runs it, with room for every connection."""
    from realtime.channels import events_channel  # needs the settings

    folder = _empty(stand.folder / "states")
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", "bench.realtime.app:application", "--port", str(port),
        "--workers", str(plan.workers), "--no-access-log", "--timeout-graceful-shutdown", "5",
        "--ws-per-message-deflate", "false", "--ws-max-size", "4096",
    ]  # fmt: skip
    room = str(2 * plan.connections)  # those that leave may still be counted
    more = {"STREAMS_TOTAL": room, "BENCH_STATES": str(folder)}
    with _serving(command, stand.folder / "web.log", more) as process:
        server = Server(port, process.pid, events_channel())
        _wait_until(lambda: len(states(stand)) == plan.workers and _answers(port), process)
        yield server


def states(stand: Stand) -> list[State]:
    """Of the worker processes that are up, as they are now."""
    folder = stand.folder / "states"
    asked = [int(path.stem) for path in folder.glob("*.pid")]
    for pid in asked:
        (folder / f"{pid}.json").unlink(missing_ok=True)
        os.kill(pid, signal.SIGUSR1)
    deadline = time.monotonic() + STATE_SECONDS
    while not all((folder / f"{pid}.json").exists() for pid in asked):
        if time.monotonic() > deadline:
            raise BenchFailed("A server process does not tell its state.")
        time.sleep(0.01)
    return [State(**json.loads((folder / f"{pid}.json").read_text())) for pid in asked]


def install_baseline() -> str:
    """The version of Node that runs the baseline, "" when Node or its packages cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        print("  Left out: the baseline, which needs Node 20 and npm.", flush=True)
        return ""
    place = ROOT / "build" / "baseline"
    place.mkdir(parents=True, exist_ok=True)
    lock = (BASELINE / "package-lock.json").read_bytes()
    for file in BASELINE.iterdir():
        shutil.copy(file, place)
    stamp = place / "installed"
    if not stamp.exists() or stamp.read_bytes() != lock:
        stamp.unlink(missing_ok=True)
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]
        try:
            done = subprocess.run(command, cwd=place, check=False, timeout=300)
        except subprocess.TimeoutExpired:
            done = None
        if done is None or done.returncode != 0:
            print("  Left out: the baseline; npm could not install it.", flush=True)
            return ""
        stamp.write_bytes(lock)
    return subprocess.check_output([node, "--version"], text=True, timeout=30).strip()


@contextmanager
def baseline_server(stand: Stand) -> Iterator[Server]:
    """Node with a map of responses and ioredis, installed before."""
    port = free_port()
    node = shutil.which("node") or "node"
    command = [node, str(ROOT / "build/baseline/server.js"), str(port), BASELINE_CHANNEL]
    more = {"NODE_ENV": "production"}
    with _serving(command, stand.folder / "baseline.log", more) as process:
        _wait_until(lambda: _answers(port), process)
        yield Server(port, process.pid, BASELINE_CHANNEL)


@contextmanager
def _serving(
    command: Sequence[str], log: Path, env: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("ab") as out:
        process = spawn(command, cwd=ROOT, env={**os.environ, **env}, log=out)
    try:
        yield process
    finally:
        stop(process)
        print(_complaints(log), end="", flush=True)


def _wait_until(ready: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline or process.poll() is not None:
            raise BenchFailed(f"A server did not start: {process.args!r}")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _complaints(log: Path) -> str:
    """What a server said when something broke."""
    text = log.read_text(errors="replace")
    log.unlink()
    return text[-4000:] if "Traceback" in text else ""


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
