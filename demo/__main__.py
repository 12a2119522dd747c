"""`python -m demo`: the whole system on this machine, and one upgrade through it."""

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

from httpx import HTTPError
from websockets.exceptions import WebSocketException

from chain.errors import ChainError
from core.interrupts import ignore_interrupts, interrupt_on
from core.processes import die_with_parent
from demo.client import StepFailed
from demo.display import Display
from demo.servers import free_port
from demo.state import AlreadyRunning, State, open_state
from demo.system import APPLICATIONS, ROOT, System, SystemFailed
from demo.timing import UpgradeTiming
from demo.upgrade import STEPS, Target, run_upgrade

EXPECTED_FAILURES = (
    StepFailed, SystemFailed, ChainError, RuntimeError, OSError, HTTPError, WebSocketException,
)  # fmt: skip
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    arguments = _parse()
    if arguments.parent is not None:
        die_with_parent(arguments.parent)
    os.umask(0o077)  # secrets, logs and data are nobody else's
    interrupt_on(*STOP_SIGNALS)
    try:
        return _run(arguments, arguments.state)
    except AlreadyRunning as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="exit after the upgrade")
    parser.add_argument("--port", type=int, default=8000, help="of the web server; 0 finds one")
    kept = Path(os.environ.get("DEMO_STATE", ROOT / ".demo"))
    parser.add_argument("--state", type=Path, default=kept, help="the folder that a run resumes")
    parser.add_argument("--parent", type=int, help="end when this process ends")
    parser.add_argument("--time", type=int, default=0, metavar="N", help="time N upgrades and exit")
    parser.add_argument("--timings", type=Path, help="where to write these times, as JSON")
    return parser.parse_args()


def _run(arguments: argparse.Namespace, folder: Path) -> int:
    with open_state(folder) as state:
        return _run_in(arguments, state)


def _run_in(arguments: argparse.Namespace, state: State) -> int:
    port = free_port() if arguments.time else arguments.port or free_port()
    if _is_taken(port):
        print(f"Port {port} is in use; try `make demo PORT=8001`.", file=sys.stderr)
        return 1
    state.info.unlink(missing_ok=True)  # left by a killed run
    system = System(state, port=port)
    try:
        return _start_and_upgrade(arguments, system)
    except EXPECTED_FAILURES as error:
        print(f"\n{error or type(error).__name__}", file=sys.stderr)
        return 1
    finally:
        ignore_interrupts(*STOP_SIGNALS)  # stopping takes seconds, and must finish
        system.stop()


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def _start_and_upgrade(arguments: argparse.Namespace, system: System) -> int:
    with Display(total=STEPS + 3) as display:
        _start(system, display)
        target = Target(
            base_url=system.base_url,
            rpc_url=system.localnet.rpc_url,
            ws_url=system.localnet.ws_url,
            service_api_key=system.service_api_key,
        )
        timings = [
            asyncio.run(_watched(system, target, display)) for _ in range(arguments.time or 1)
        ]
        _sum_up(timings[-1], display)
    if arguments.timings is not None:
        arguments.timings.write_text(json.dumps([timing.document() for timing in timings]))
    if arguments.once or arguments.time:
        return 0
    system.write_info()
    _serve(system)
    return 0


def _start(system: System, display: Display) -> None:
    begin = time.monotonic()
    with display.step("PostgreSQL, Redis and a Solana localnet") as step:
        system.start_servers()
        step.fact("chain RPC", system.localnet.rpc_url)
        step.fact("genesis hash", system.localnet.genesis_hash)
    with display.step("Tables, tiers, badges, a service key"):
        system.prepare()
        system.fund_authority()
    with display.step(", ".join(APPLICATIONS).capitalize()):
        system.start_applications()
        system.wait_until_ready()
    display.say(f"     Ready at {system.base_url} after {time.monotonic() - begin:.1f} s\n")


async def _watched(system: System, target: Target, display: Display) -> UpgradeTiming:
    """The upgrade, given up as soon as one of the demo's processes ends."""
    upgrade = asyncio.create_task(run_upgrade(target, display))
    while True:
        done, _ = await asyncio.wait({upgrade}, timeout=0.3)
        if done:
            return upgrade.result()
        try:
            system.check()
        except SystemFailed:
            upgrade.cancel()
            raise


def _sum_up(timing: UpgradeTiming, display: Display) -> None:
    display.say()
    display.say(
        f"Upgraded in {timing.total_ms / 1000:.2f} s; the backend's own time in it, beyond "
        f"waiting for the chain: {timing.own_ms:.0f} ms"
    )
    for name, milliseconds in timing.parts.items():
        display.say(f"  {milliseconds:6.0f} ms  {name}")


def _serve(system: System) -> None:
    print(f"\nServing {system.base_url} until Ctrl-C. Open it in a browser: the sign-in offers a")
    print(f"demo wallet. The API is at {system.base_url}/api/docs/")
    print(f"How a script drives it: {system.state.info}", flush=True)
    try:
        while True:
            system.check()
            time.sleep(0.3)
    except KeyboardInterrupt:
        print("\nStopping.")


if __name__ == "__main__":
    sys.exit(main())
