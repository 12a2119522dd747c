"""The tabs of a member: the page at `/live`, and more of them than a member may have streams."""

import os
import time

import pytest
from selenium.webdriver.common.by import By

from tests.browser.system import Browser, Site, Tab, happen, wait_until
from tests.realtime.feed import Person

pytestmark = pytest.mark.browser

# Many times the 0.2 s after which an `EventSource` comes back here.
LONG = os.environ.get("PROFILE") == "long"
WATCHED_SECONDS = 60.0 if LONG else 2.0
RECONNECTS = 10 if LONG else 1
START_EVENT_SOURCE = """
window.opened = 0;
window.source = new EventSource("/api/v1/user/nft-events");
source.onopen = () => { window.opened += 1; };
"""
IS_OPEN, IS_CLOSED = 1, 2
THREE_OF_FOUR = [IS_OPEN] * 3 + [IS_CLOSED]


def test_a_fourth_tab_takes_the_place_of_the_first(browser: Browser, person: Person) -> None:
    tabs = [browser.open() for _ in range(4)]
    for tab in tabs:
        tab.start_client()
        tab.wait_for_state("live")
    first, *others = tabs
    first.wait_for_state("superseded")
    time.sleep(WATCHED_SECONDS)
    assert [tab.states for tab in others] == [["connecting", "live"]] * 3
    assert first.states == ["connecting", "live", "superseded"]
    happen(person)
    for tab in others:
        tab.wait_for_events(1)
    first.run("client.resume()")
    first.wait_for_events(1)
    others[0].wait_for_state("superseded")


def test_three_tabs_that_reconnect_never_supersede_each_other(
    site: Site, browser: Browser, person: Person
) -> None:
    tabs = [browser.open() for _ in range(3)]
    for tab in tabs:
        tab.start_client(silence=3000)
        tab.wait_for_state("live")
    site.proxy.freeze_streams()  # the server still holds the old streams when the new ones come
    happen(person)
    for tab in tabs:
        tab.wait_for_events(1)
        assert "superseded" not in tab.states


def test_four_event_sources_that_all_reconnect_come_to_rest(site: Site, browser: Browser) -> None:
    tabs = [browser.open() for _ in range(4)]
    site.proxy.cut()
    for tab in tabs:
        tab.run(START_EVENT_SOURCE)
    site.proxy.restore()
    wait_until(lambda: _states(tabs) == THREE_OF_FOUR, lambda: str(_states(tabs)))
    for _ in range(RECONNECTS):
        opened = _opened(tabs)
        site.proxy.drop_streams()
        _wait_for_opened(tabs, opened + 3)
        time.sleep(WATCHED_SECONDS / RECONNECTS)
        assert (_opened(tabs), _states(tabs)) == (opened + 3, THREE_OF_FOUR)


def _states(tabs: list[Tab]) -> list[int]:
    return sorted(tab.run("return source.readyState") for tab in tabs)


def _wait_for_opened(tabs: list[Tab], times: int) -> None:
    wait_until(lambda: _opened(tabs) == times, lambda: f"{times}, but {_opened(tabs)}")


def _opened(tabs: list[Tab]) -> int:
    """How often they connected, all together."""
    return sum(tab.run("return opened") for tab in tabs)


def text_of(tab: Tab, name: str) -> str:
    tab.browser.driver.switch_to.window(tab.handle)
    return tab.browser.driver.find_element(By.ID, name).text


def wait_for_text(tab: Tab, name: str, text: str) -> None:
    wait_until(lambda: text in text_of(tab, name), lambda: f"{text}, but {text_of(tab, name)}")


def test_a_member_sees_what_happens(browser: Browser, person: Person) -> None:
    happen(person)
    browser.driver.get_log("browser")  # which also empties it
    page = browser.open("/live")
    wait_for_text(page, "status", "Live")
    happen(person)
    wait_until(
        lambda: text_of(page, "events").count("badge_activated") == 2,
        lambda: f"two events, but {text_of(page, 'events')}",
    )
    assert browser.driver.get_log("browser") == []  # nor has the content policy refused anything


def test_a_stranger_is_told_to_sign_in_and_goes_on_from_there(
    browser: Browser, person: Person
) -> None:
    browser.driver.delete_all_cookies()
    page = browser.open("/live")
    wait_for_text(page, "status", "You are not signed in")
    happen(person)
    browser.sign_in(person)
    browser.driver.find_element(By.ID, "resume").click()
    wait_for_text(page, "status", "Live")
    wait_for_text(page, "events", "badge_activated")
