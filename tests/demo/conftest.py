"""Folders that the unprivileged database server can reach, as pytest's own are not."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="aiw3-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)
