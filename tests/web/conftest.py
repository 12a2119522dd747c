"""A whole system, whose demo wallet is on, and one Chromium, for these modules."""

import shutil
from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, sync_playwright

from accounts.models import User
from tests.browser.chromium import FLAGS, ChromiumMissing, install
from tests.e2e.conftest import QuickSystem, whole_system
from tests.nft.conftest import make_user
from tests.nft.ladder import seed_quickly
from tests.notifications.receivers import PushService
from tests.patience import PATIENCE
from tests.web.visitor import Visitor, visiting

# Playwright brings these itself, or speaks over a pipe of its own.
OWN_FLAGS = ("--headless=new", "--remote-debugging-pipe")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    try:
        install()
    except ChromiumMissing as reason:
        pytest.skip(str(reason))
    flags = [flag for flag in FLAGS if flag not in OWN_FLAGS]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=flags, timeout=PATIENCE * 1000
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def system() -> Iterator[QuickSystem]:
    """Which may push to this machine."""
    with whole_system({"PUSH_LOOPBACK_ALLOWED": "true"}) as running:
        yield running


@pytest.fixture
def push_service() -> Iterator[PushService]:
    service = PushService()
    yield service
    service.close()


@pytest.fixture
def visitor(chromium: Browser, system: QuickSystem) -> Iterator[Visitor]:
    with visiting(chromium, system) as someone:
        yield someone


@pytest.fixture
def ladder(db: None) -> None:
    seed_quickly()


@pytest.fixture
def member(ladder: None, client: Client) -> User:
    user = make_user()
    client.force_login(user)
    return user
