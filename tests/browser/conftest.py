"""One browser for these tests; each test gets a signed-in member and clean tabs."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.browser.chromium import ChromiumMissing, start_chromium
from tests.browser.system import EMPTY_PAGE, Browser, Site, Tab, running_site
from tests.realtime.conftest import committing_database, shared_log
from tests.realtime.feed import Person, new_person

__all__ = ["committing_database", "shared_log"]


@pytest.fixture(scope="package")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    try:
        driver = start_chromium(tmp_path_factory.mktemp("chromium"))
    except ChromiumMissing as reason:
        pytest.skip(str(reason))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def site(shared_log: None) -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def person(shared_log: None) -> Person:
    return new_person()


@pytest.fixture
def browser(chromium: Chrome, site: Site, person: Person) -> Iterator[Browser]:
    """Where `person` is signed in."""
    site.proxy.mend()
    browser = Browser(chromium, site.base)
    chromium.get(site.base + EMPTY_PAGE)
    browser.sign_in(person)
    yield browser
    browser.close()


@pytest.fixture
def tab(browser: Browser) -> Tab:
    return browser.open()
