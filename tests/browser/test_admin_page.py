"""The operators' page of the streams, as it moves."""

import pytest

from tests.browser.system import Browser, Tab, wait_until
from tests.realtime.feed import Person

pytestmark = pytest.mark.browser


def total_of(page: Tab) -> list[str]:
    """Processes, streams, users, rates and counts; empty before the first numbers."""
    return texts_in(page, "[data-total] td")


def texts_in(page: Tab, selector: str) -> list[str]:
    """At one moment: the page makes its rows anew every two seconds."""
    script = "return [...document.querySelectorAll(arguments[0])].map((it) => it.textContent)"
    return list(page.run(script, selector))


def wait_for_streams(page: Tab, streams: str) -> None:
    wait_until(lambda: total_of(page)[1:2] == [streams], lambda: f"{streams}: {total_of(page)}")


def test_operators_see_streams_come_and_go(browser: Browser, person: Person) -> None:
    person.user.is_staff = True
    person.user.save()
    page = browser.open("/admin/streams/")
    wait_for_streams(page, "0")
    reader = browser.open()
    reader.start_client()
    reader.wait_for_state("live")
    wait_for_streams(page, "1")
    states = texts_in(page, "[data-processes] td:last-child")  # one that was killed is silent
    assert [state for state in states if not state.startswith("silent")] == ["live"]
    reader.run("client.stop()")
    wait_for_streams(page, "0")
