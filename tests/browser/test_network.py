"""Pull the network, restore it, nothing missing: the page at `/live`, and a bare `EventSource`."""

import os
from collections.abc import Callable, Sized
from functools import partial

import pytest

from tests.browser.system import Browser, Site, Tab, happen, wait_until
from tests.realtime.feed import Person, log_of

pytestmark = pytest.mark.browser

OUTAGES = 12 if os.environ.get("PROFILE") == "long" else 2
EVENTS_EACH = 3
READ = """
window.heard = [];
window.source = new EventSource("/api/v1/user/nft-events");
source.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.eventId) heard.push(message.sequence);
};
"""
ASK = """
const answer = arguments[0];
fetch("/healthz", { cache: "no-store" }).then(() => answer(true), () => answer(false));
"""


def pull_network(site: Site, tab: Tab) -> None:
    """Every connection breaks, none can be had; then the browser is told."""
    site.proxy.cut()
    wait_until(lambda: not reaches_the_site(tab), lambda: "an end of the answers")
    tab.browser.set_offline(True)
    assert not reaches_the_site(tab)


def restore_network(site: Site, tab: Tab) -> None:
    site.proxy.restore()
    tab.browser.set_offline(False)


def reaches_the_site(tab: Tab) -> bool:
    return bool(tab.browser.driver.execute_async_script(ASK))


def wait_for_length(seen: Callable[[], Sized], length: int) -> None:
    """Or more."""
    wait_until(lambda: len(seen()) >= length, lambda: f"{length}, but {seen()}")


def shown_on(page: Tab) -> list[str]:
    """The events' times, newest first."""
    return list(
        page.run("return [...document.querySelectorAll('#events time')].map((it) => it.dateTime)")
    )


def test_the_live_page_misses_nothing_when_the_network_is_pulled(
    site: Site, browser: Browser, person: Person
) -> None:
    happen(person)
    page = browser.open("/live")
    wait_for_length(partial(shown_on, page), 1)
    for _ in range(OUTAGES):
        before = shown_on(page)
        pull_network(site, page)
        happen(person, EVENTS_EACH)
        assert shown_on(page) == before
        restore_network(site, page)
        wait_for_length(partial(shown_on, page), len(before) + EVENTS_EACH)
        assert shown_on(page) == [envelope["timestamp"] for envelope in log_of(person)][::-1]


def test_a_bare_event_source_misses_nothing_when_the_network_is_pulled(
    site: Site, tab: Tab, person: Person
) -> None:
    tab.run(READ)
    wait_until(lambda: tab.run("return source.readyState") == 1, lambda: "an open stream")
    for outage in range(1, OUTAGES + 1):
        pull_network(site, tab)
        happen(person, EVENTS_EACH)
        restore_network(site, tab)
        wait_for_length(partial(heard_by, tab), outage * EVENTS_EACH)
        assert heard_by(tab) == list(range(1, outage * EVENTS_EACH + 1))


def heard_by(tab: Tab) -> list[int]:
    return list(tab.run("return heard"))


@pytest.mark.parametrize("silence", [60_000, 2000], ids=["short", "long"])
def test_a_cable_that_is_pulled_in_silence_costs_no_event(
    site: Site, tab: Tab, person: Person, silence: int
) -> None:
    """In a short outage TCP goes on by itself; in a long one the client gives the stream up."""
    tab.start_client(silence=silence, openWithin=1000)
    tab.wait_for_state("live")
    site.proxy.unplug()
    happen(person, EVENTS_EACH)
    if silence == 2000:
        wait_until(lambda: tab.state != "live", lambda: f"the end of the stream, but {tab.states}")
    assert tab.sequences == []
    site.proxy.plug_in()
    tab.wait_for_events(EVENTS_EACH)
    tab.wait_for_state("live")
    happen(person)
    tab.wait_for_events(EVENTS_EACH + 1)
    assert tab.sequences == list(range(1, EVENTS_EACH + 2))
