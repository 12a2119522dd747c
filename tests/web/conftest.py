"""A whole system with the demo wallet on, and one Chromium, for a module."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from demo.servers import free_port
from demo.state import open_state
from tests.browser.chromium import FLAGS, ChromiumMissing, install
from tests.e2e.conftest import QuickSystem
from tests.web.visitor import Visitor, new_visitor

# Playwright brings these itself, or speaks over a pipe of its own.
OWN_FLAGS = ("--headless=new", "--remote-debugging-pipe")


class DemoSystem(QuickSystem):
    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "DEMO_WALLET": "true"}


@pytest.fixture(scope="module")
def system() -> Iterator[DemoSystem]:
    folder = Path(tempfile.mkdtemp(prefix="aiw3-web-"))
    folder.chmod(0o711)  # the database's user passes through
    with open_state(folder / "state") as state:
        running = DemoSystem(state, port=free_port())
        try:
            running.start()
            yield running
        finally:
            running.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    try:
        install()
    except ChromiumMissing as reason:
        pytest.skip(str(reason))
    flags = [flag for flag in FLAGS if flag not in OWN_FLAGS]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=flags, timeout=60_000
        )
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium: Browser, system: DemoSystem) -> Iterator[Visitor]:
    someone = new_visitor(chromium, system)
    yield someone
    someone.context.close()
    assert someone.strays == []
    assert someone.faults == []
