"""One system for all of these tests. What they may not leave behind: a fault, or a secret."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.servers import free_port
from demo.state import open_state
from tests.faults.system import FaultySystem, make_system


@pytest.fixture(scope="package")
def system() -> Iterator[FaultySystem]:
    folder = Path(tempfile.mkdtemp(prefix="aiw3-faults-"))
    folder.chmod(0o711)  # root's PostgreSQL runs as somebody else
    with open_state(folder / "state") as state:
        system = make_system(state, free_port())
        yield system
        system.stop()
        leaks = system.leaks()
    shutil.rmtree(folder)
    assert leaks == []
