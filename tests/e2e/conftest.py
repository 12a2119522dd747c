"""One whole system for a module: the demo's processes, on free ports and a faster chain."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.processes import spawn
from demo.servers import free_port
from demo.state import open_state
from demo.system import ROOT, System


class QuickSystem(System):
    slot_ms = 80  # final after 15 slots

    def start(self) -> None:
        self.start_servers()
        self.prepare()
        self.fund_authority()
        self.start_applications()
        self.wait_until_ready()

    def kill(self, name: str) -> None:
        """SIGKILL, of the process and not of what it was doing."""
        self._children[name].kill()
        self._children[name].wait()

    def restart(self, name: str) -> None:
        """The same command, its log continued."""
        command = _words(self._children[name])
        with self.state.log(name).open("ab") as log:
            self._children[name] = spawn(command, cwd=ROOT, env=self.environment(), log=log)


def _words(process: subprocess.Popen[bytes]) -> list[str]:
    assert isinstance(process.args, list)
    return [str(word) for word in process.args]


@pytest.fixture(scope="module")
def system() -> Iterator[QuickSystem]:
    folder = Path(tempfile.mkdtemp(prefix="aiw3-e2e-"))
    folder.chmod(0o711)  # the database's user passes through
    with open_state(folder / "state") as state:
        running = QuickSystem(state, port=free_port())
        try:
            running.start()
            yield running
        finally:
            running.stop()
    shutil.rmtree(folder)
