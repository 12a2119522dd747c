"""The page at `/live`, as its visitor sees it."""

import pytest
from selenium.webdriver.common.by import By

from tests.browser.system import Browser, Tab, happen, wait_until
from tests.realtime.feed import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # the first one installs Chromium


def text_of(tab: Tab, name: str) -> str:
    tab.browser.driver.switch_to.window(tab.handle)
    return tab.browser.driver.find_element(By.ID, name).text


def wait_for_text(tab: Tab, name: str, text: str) -> None:
    wait_until(lambda: text in text_of(tab, name), lambda: f"{text}, but {text_of(tab, name)}")


def test_a_member_sees_what_happens(browser: Browser, person: Person) -> None:
    happen(person)
    page = browser.open("/live")
    wait_for_text(page, "status", "Live")
    happen(person)
    wait_until(
        lambda: text_of(page, "events").count("badge_activated") == 2,
        lambda: f"two events, but {text_of(page, 'events')}",
    )
    assert browser.driver.get_log("browser") == []  # nor has the content policy refused anything


def test_a_stranger_is_told_to_sign_in(browser: Browser, person: Person) -> None:
    browser.driver.delete_all_cookies()
    page = browser.open("/live")
    wait_for_text(page, "status", "You are not signed in")
    assert text_of(page, "resume") == "I have signed in"
