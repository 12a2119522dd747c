"""One whole system for these modules: the demo's processes, on free ports and a faster chain."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.processes import spawn
from demo.servers import free_port
from demo.state import State, open_state
from demo.system import ROOT, System
from tests.e2e.member import Member
from tests.notifications.receivers import PostOffice


class QuickSystem(System):
    """With a mail server, and a signed root of the audit log each second."""

    slot_ms = 80  # final after 15 slots
    more_settings: Mapping[str, str] = {}

    def __init__(self, state: State, *, port: int) -> None:
        super().__init__(state, port=port)
        self.office = PostOffice()

    def environment(self) -> Mapping[str, str]:
        return {
            **super().environment(),
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(self.office.port),
            "AUDIT_CHECKPOINT_SECONDS": "1",
            **self.more_settings,
        }

    def start(self) -> None:
        self.office.open()
        self.start_servers()
        self.prepare()
        self.fund_authority()
        self.start_applications()
        self.wait_until_ready()

    def stop(self) -> None:
        super().stop()
        self.office.close()

    def kill(self, name: str) -> None:
        """SIGKILL, of the process and not of what it was doing."""
        self._children[name].kill()
        self._children[name].wait()

    def restart(self, name: str) -> None:
        """The same command, its log continued."""
        command = _words(self._children[name])
        with self.state.log(name).open("ab") as log:
            self._children[name] = spawn(
                command, cwd=ROOT, env=self.application_environment(), log=log
            )


def _words(process: subprocess.Popen[bytes]) -> list[str]:
    assert isinstance(process.args, list)
    return [str(word) for word in process.args]


@contextmanager
def whole_system(settings: Mapping[str, str]) -> Iterator[QuickSystem]:
    folder = Path(tempfile.mkdtemp(prefix="aiw3-e2e-"))
    folder.chmod(0o711)  # the database's user passes through
    with open_state(folder / "state") as state:
        running = QuickSystem(state, port=free_port())
        running.more_settings = settings
        try:
            running.start()
            yield running
        finally:
            running.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="package")
def system() -> Iterator[QuickSystem]:
    with whole_system({}) as running:
        yield running


@pytest.fixture
def member(system: QuickSystem) -> Iterator[Member]:
    someone = Member(system)
    with someone.http:
        someone.sign_in()
        someone.earn()
        yield someone
