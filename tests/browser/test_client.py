"""The JavaScript client in a real browser: whatever breaks, nothing is missing, nothing twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import LoginSession, StreamTicket
from accounts.services import end_login_session
from accounts.services.sessions import open_login_session
from tests.browser.system import NEVER, Browser, Site, Tab, happen, wait_until
from tests.realtime.feed import Person

pytestmark = pytest.mark.browser


def one_to(last: int) -> list[int]:
    return list(range(1, last + 1))


def tickets_of(person: Person) -> int:
    return StreamTicket.objects.filter(user=person.user).count()


@pytest.fixture
def live(tab: Tab, person: Person) -> Tab:
    """A client that has the events 1 and 2."""
    tab.start_client()
    tab.wait_for_state("live")
    happen(person, 2)
    tab.wait_for_events(2)
    return tab


def test_events_arrive_as_they_happen(live: Tab) -> None:
    assert live.sequences == [1, 2]
    assert live.states == ["connecting", "live"]


def test_an_access_token_serves_as_well_as_a_session(tab: Tab, person: Person) -> None:
    tab.browser.driver.delete_all_cookies()
    tab.start_client(token=person.token)
    tab.wait_for_state("live")
    happen(person)
    tab.wait_for_events(1)


def test_the_cookie_alone_serves_as_well(tab: Tab, person: Person) -> None:
    tab.start_client(csrfToken=None)
    tab.wait_for_state("live")
    happen(person)
    tab.wait_for_events(1)
    assert tickets_of(person) == 0


def test_a_browser_without_network_comes_back_with_it_and_misses_nothing(
    tab: Tab, person: Person
) -> None:
    tab.start_client(retryFirst=NEVER, retryMost=NEVER)
    tab.wait_for_state("live")
    tab.browser.set_offline(True)
    tab.wait_for_state("waiting")
    happen(person, 3)
    tab.browser.set_offline(False)
    tab.wait_for_events(3)
    happen(person)
    tab.wait_for_events(4)
    assert tab.sequences == one_to(4)


def test_a_page_that_comes_into_view_does_not_wait(site: Site, tab: Tab, person: Person) -> None:
    tab.start_client(retryFirst=NEVER, retryMost=NEVER)
    tab.wait_for_state("live")
    site.proxy.drop_streams()
    tab.wait_for_state("waiting")
    happen(person)
    tab.run("document.dispatchEvent(new Event('visibilitychange'))")
    tab.wait_for_events(1)


def test_a_cut_connection_misses_nothing(site: Site, live: Tab, person: Person) -> None:
    for _ in range(3):
        site.proxy.cut()
        live.wait_for_state("waiting")
        happen(person, 3)
        site.proxy.restore()
        live.wait_for_state("live")
    live.wait_for_events(11)
    assert live.sequences == one_to(11)


def test_a_dead_connection_that_never_fails_is_noticed(
    site: Site, tab: Tab, person: Person
) -> None:
    tab.start_client(silence=3000)  # six heartbeats
    tab.wait_for_state("live")
    site.proxy.freeze_streams()
    happen(person, 3)
    tab.wait_for_events(3)
    assert tab.sequences == one_to(3)


def test_a_server_that_dies_and_comes_back_misses_nothing(
    site: Site, live: Tab, person: Person
) -> None:
    site.kill_web()
    live.wait_for_state("waiting", "connecting")
    happen(person, 3)
    site.start_web()
    live.wait_for_events(5)
    assert live.sequences == one_to(5)


def test_a_deploy_misses_nothing(site: Site, live: Tab, person: Person) -> None:
    old = site.web
    site.start_web()
    old.stop()
    happen(person, 3)
    live.wait_for_events(5)
    assert live.sequences == one_to(5)
    live.wait_for_state("live")


def test_a_closing_stream_comes_back_when_the_server_said(
    site: Site, live: Tab, person: Person
) -> None:
    site.proxy.replacements[b'"type":"heartbeat"'] = b'"type":"closing"  '
    live.wait_for_state("waiting")
    site.proxy.drop_streams()
    live.wait_for_state("live")
    happen(person)
    live.wait_for_events(3)
    assert live.sequences == one_to(3)
    assert live.states == ["connecting", "live", "waiting", "live"]  # by the browser alone


def test_a_hole_is_filled_before_anything_later_is_shown(
    site: Site, live: Tab, person: Person
) -> None:
    lost = f'"userId":"{person.user.id}","sequence":3,'.encode()
    site.proxy.replacements[lost] = lost.replace(b'"sequence":3', b'"sequencE":3')
    happen(person, 3)
    live.wait_for_events(5)
    assert site.proxy.replacements == {}
    assert live.sequences == one_to(5)
    assert live.states.count("live") == 2


def test_what_comes_twice_is_shown_once(site: Site, live: Tab, person: Person) -> None:
    site.proxy.replacements[b"after=2"] = b"after=0"
    site.proxy.cut()
    live.wait_for_state("waiting")
    site.proxy.restore()
    happen(person)
    live.wait_for_events(3)
    assert site.proxy.replacements == {}
    assert live.sequences == one_to(3)


def test_a_refused_ticket_is_replaced(site: Site, live: Tab, person: Person) -> None:
    site.proxy.cut()
    wait_until(lambda: live.states.count("connecting") > 2, lambda: "attempts in vain")
    StreamTicket.objects.filter(user=person.user).update(resumable_until=timezone.now())
    happen(person)
    site.proxy.restore()
    live.wait_for_events(3)
    live.wait_for_state("live")
    assert live.sequences == one_to(3)
    assert tickets_of(person) == 2


def test_a_ticket_that_runs_out_under_way_is_replaced(
    site: Site, live: Tab, person: Person
) -> None:
    site.proxy.cut()
    live.wait_for_state("waiting")
    soon = timezone.now() + timedelta(seconds=4)
    StreamTicket.objects.filter(user=person.user).update(resumable_until=soon)
    site.proxy.restore()
    wait_until(lambda: tickets_of(person) == 2, lambda: f"a second ticket, but {live.states}")
    happen(person)
    live.wait_for_events(3)
    assert live.sequences == one_to(3)


@pytest.mark.parametrize("how", ["refuses_streams", "swallows_streams"])
def test_where_no_stream_gets_through_the_client_polls(
    site: Site, tab: Tab, person: Person, how: str
) -> None:
    setattr(site.proxy, how, True)
    happen(person)
    tab.start_client(after=0, openWithin=1000, streamAgainAfter=3000)
    tab.wait_for_state("polling")
    happen(person, 3)
    tab.wait_for_events(4)
    assert "live" not in tab.states
    site.proxy.mend()
    tab.wait_for_state("live")
    happen(person)
    tab.wait_for_events(5)
    assert tab.sequences == one_to(5)


def test_polling_misses_nothing_when_the_connection_is_cut(
    site: Site, tab: Tab, person: Person
) -> None:
    site.proxy.refuses_streams = True
    tab.start_client()
    tab.wait_for_state("polling")
    for _ in range(3):
        site.proxy.cut()
        tab.wait_for_state("waiting")
        happen(person, 2)
        site.proxy.restore()
        tab.wait_for_state("polling")
    tab.wait_for_events(6)
    assert tab.sequences == one_to(6)


def test_a_reset_names_the_snapshot_and_goes_on_from_there(tab: Tab, person: Person) -> None:
    happen(person, 2)
    tab.start_client(after=1000)
    wait_until(lambda: tab.run("return seen.resets.length"), lambda: "a reset")
    assert tab.run("return seen.resets") == [{"snapshot": "/api/v1/user/nfts", "sequence": 2}]
    happen(person)
    tab.wait_for_events(3)
    assert tab.sequences == [3]


def test_a_client_stops_when_its_member_signs_out_and_resumes_when_asked(
    browser: Browser, live: Tab, person: Person
) -> None:
    session = LoginSession.objects.get(id=person.session_id)
    end_login_session(session=session, now=timezone.now())
    live.wait_for_state("signedOut")
    happen(person)
    person.session_id = open_login_session(user=person.user, now=timezone.now())[0].id
    browser.sign_in(person)
    live.run("client.resume()")
    live.wait_for_events(3)
    assert live.sequences == one_to(3)


def test_a_stopped_client_hears_nothing_until_it_starts_again(live: Tab, person: Person) -> None:
    live.run("client.stop()")
    assert live.state == "stopped"
    happen(person)
    live.run("client.start()")
    live.wait_for_events(3)
    assert live.sequences == one_to(3)


def test_a_mistake_in_the_page_does_not_cost_the_next_event(live: Tab, person: Person) -> None:
    live.run("seen.sequences.push = (n) => { seen.sequences[n - 1] = n; throw new Error('mine') }")
    happen(person, 2)
    live.wait_for_events(4)
    assert live.sequences == one_to(4)
