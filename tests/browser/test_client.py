"""The JavaScript client in a real browser: whatever breaks, nothing is missing, nothing twice."""

import pytest

from tests.browser.system import Tab, happen
from tests.realtime.feed import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # the first one installs Chromium


def one_to(last: int) -> list[int]:
    return list(range(1, last + 1))


def test_events_arrive_as_they_happen(tab: Tab, person: Person) -> None:
    tab.start_client()
    tab.wait_for_state("live")
    happen(person, 3)
    tab.wait_for_events(3)
    assert tab.sequences == one_to(3)
    assert tab.states == ["connecting", "live"]
