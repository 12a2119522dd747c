"""The whole system in its own processes: it upgrades an NFT, resumes, and leaves nothing behind."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from tests.demo.processes import processes_of, wait_until_none
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parent.parent.parent
SIGNATURE = r"[1-9A-HJ-NP-Za-km-z]{86,88}"
ADDRESS = r"[1-9A-HJ-NP-Za-km-z]{32,44}"

pytestmark = pytest.mark.e2e


@pytest.fixture
def state(open_folder: Path) -> Iterator[Path]:
    folder = open_folder / ".demo"
    yield folder
    for demo in Demo.under_way:  # of a test that failed, too
        demo.process.kill()
        demo.process.wait()
    Demo.under_way.clear()
    assert wait_until_none(folder) == []


class Demo:
    """`python -m demo` under way; its output goes to a file."""

    under_way: ClassVar[list["Demo"]] = []

    def __init__(self, state: Path, *arguments: str) -> None:
        self._log = state.with_name("output")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "demo", "--port", "0", "--state", state, *arguments],
                cwd=ROOT, env=_environment(), stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.under_way.append(self)

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait_for(self, reached: Callable[[], bool], *, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while not reached():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)


def _environment() -> dict[str, str]:
    """A child measured for coverage would be half as fast; its parts have their own tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}


def test_a_killed_demo_leaves_no_process_and_the_next_one_resumes(state: Path) -> None:
    serving = Demo(state)
    serving.wait_for((state / "info.json").exists)
    info = json.loads((state / "info.json").read_text())
    assert stat.S_IMODE((state / "info.json").stat().st_mode) == 0o600
    assert httpx.get(f"{info['baseUrl']}/readyz", trust_env=False).status_code == 200
    assert len(processes_of(state)) >= len(info["pids"])
    serving.process.kill()
    assert wait_until_none(state) == []
    serving.process.wait()

    again = Demo(state, "--once")
    assert again.process.wait(2 * PATIENCE) == 0, again.output
    assert info["genesisHash"] in again.output
    _check_report(again.output)
    assert not (state / "info.json").exists()


def _check_report(output: str) -> None:
    """What was earned; both mints, each with its transaction; and where the time went."""
    for told in ("passed 250,000 USD", "the badge “First Steps”", "You qualify for level 1."):
        assert told in output
    old = re.search(rf"old mint +({ADDRESS}) supply 0", output)
    new = re.search(rf"new mint +({ADDRESS}) supply 1", output)
    assert old is not None
    assert new is not None
    assert old[1] != new[1]
    assert len(set(re.findall(rf"transaction +({SIGNATURE})", output))) == 3  # unlock, burn, mint
    assert re.search(r"own time in it, beyond waiting for the chain: \d+ ms", output)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_starting_stops_everything(state: Path, number: int) -> None:
    demo = Demo(state)
    demo.wait_for(lambda: "localnet" in demo.output)
    demo.process.send_signal(number)
    assert demo.process.wait(PATIENCE) == 130
    assert wait_until_none(state) == []


def test_killing_make_ends_the_demo(state: Path) -> None:
    make = subprocess.Popen(
        ["make", "demo", "PORT=0"], cwd=ROOT, env=_environment() | {"DEMO_STATE": str(state)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + PATIENCE
    while not (state / "logs" / "web.log").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(processes_of(state)) > 3
    make.kill()
    make.wait()
    assert wait_until_none(state) == []


def test_a_process_that_dies_ends_the_demo_and_shows_why(state: Path) -> None:
    demo = Demo(state)
    demo.wait_for(lambda: _beats(state) != [])
    (beat,) = _beats(state)
    os.kill(beat, signal.SIGKILL)
    assert demo.process.wait(PATIENCE) == 1
    assert "The beat process ended with -9" in demo.output


def _beats(state: Path) -> list[int]:
    return [
        int(line.split()[0])
        for line in processes_of(state)
        if "celery" in line and " beat " in line
    ]


def test_two_demos_do_not_share_a_folder(state: Path) -> None:
    first = Demo(state)
    first.wait_for((state / "lock").exists)
    first.wait_for(lambda: (state / "lock").read_text() != "")
    second = subprocess.run(
        [sys.executable, "-m", "demo", "--state", state], cwd=ROOT, env=_environment(),
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert f"already running in {state} (process {first.process.pid})" in second.stderr
    first.process.kill()
    first.process.wait()
