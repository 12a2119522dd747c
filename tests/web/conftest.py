"""A whole system, whose demo wallet is on, and one Chromium, for a module."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import FLAGS, ChromiumMissing, install
from tests.e2e.conftest import QuickSystem, system
from tests.web.visitor import Visitor, new_visitor

__all__ = ["system"]

# Playwright brings these itself, or speaks over a pipe of its own.
OWN_FLAGS = ("--headless=new", "--remote-debugging-pipe")


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
def visitor(chromium: Browser, system: QuickSystem) -> Iterator[Visitor]:
    someone = new_visitor(chromium, system)
    yield someone
    someone.context.close()
    assert someone.strays == []
    assert someone.faults == []
