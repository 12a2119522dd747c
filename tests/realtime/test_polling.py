"""What only polling has: pages, ETags, and the waiting."""

import signal
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.utils import timezone

from accounts.models import LoginSession
from accounts.services import end_login_session
from tests.patience import PATIENCE
from tests.realtime.feed import Person, badge, badges, tell
from tests.realtime.readers import CHANGES
from tests.realtime.servers import WebServer, start_web, wait_for_metric
from tests.realtime.test_opening import cookie_of, ticket_of

pytestmark = pytest.mark.usefixtures("heads")


def ask(web: WebServer, person: Person, *, etag: str = "", **parameters: Any) -> httpx.Response:
    headers = person.headers | ({"If-None-Match": etag} if etag else {})
    return web.get(CHANGES, headers=headers, params=parameters)


def sequences(answer: httpx.Response) -> list[int]:
    return [event["sequence"] for event in answer.json()["events"]]


def test_changes_come_in_pages(web: WebServer, person: Person) -> None:
    tell(*badges(person.user, 10))
    first = ask(web, person, after=1)
    assert sequences(first) == [2, 3, 4, 5, 6, 7, 8]
    assert (first.json()["sequence"], first.json()["hasMore"]) == (8, True)
    rest = ask(web, person, after=8)
    assert sequences(rest) == [9, 10]
    assert (rest.json()["sequence"], rest.json()["hasMore"]) == (10, False)
    assert ask(web, person, after=10).json() == {"events": [], "sequence": 10, "hasMore": False}


def test_without_a_point_a_poll_says_where_the_feed_stands(web: WebServer, person: Person) -> None:
    assert ask(web, person).json() == {"events": [], "sequence": 0, "hasMore": False}
    tell(*badges(person.user, 3))
    assert ask(web, person, wait=5).json() == {"events": [], "sequence": 3, "hasMore": False}


def test_a_point_that_cannot_be_is_a_reset(web: WebServer, person: Person) -> None:
    tell(*badges(person.user, 2))
    reset = {"reset": True, "sequence": 2, "snapshot": "/api/v1/user/nfts"}
    assert ask(web, person, after=3).json() == reset
    assert ask(web, person, after=3, wait=20).json() == reset


def test_the_same_answer_is_not_sent_twice(web: WebServer, person: Person) -> None:
    tell(*badges(person.user, 2))
    answer = ask(web, person, after=1)
    known = answer.headers["etag"]
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-cache")
    again = ask(web, person, after=1, etag=f'"other", W/{known}')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", known)
    assert ask(web, person, after=0, etag=known).status_code == 200
    tell(badge(person.user))
    assert sequences(ask(web, person, after=1, etag=known)) == [2, 3]


def test_an_answer_without_events_has_an_etag_of_its_point(web: WebServer, person: Person) -> None:
    empty = ask(web, person, after=0)
    assert ask(web, person, after=0, etag=empty.headers["etag"]).status_code == 304
    tell(badge(person.user))
    assert ask(web, person, after=1).headers["etag"] != empty.headers["etag"]


def test_a_poll_that_waits_ends_without_news_in_304(web: WebServer, person: Person) -> None:
    answer = ask(web, person, after=0, wait=1)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == ask(web, person, after=0).headers["etag"]


def test_a_poll_that_waits_is_woken(web: WebServer, person: Person, other: Person) -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = wait_in(threads, web, person)
        tell(badge(other.user))
        tell(badge(person.user))
        answer = waiting.result()
    assert (answer.status_code, sequences(answer)) == (200, [1])
    assert answer.json()["hasMore"] is False


def wait_in(
    threads: ThreadPoolExecutor, web: WebServer, person: Person, polls: int = 1
) -> Future[httpx.Response]:
    """Polls that the server holds; the first one."""
    started = [threads.submit(ask, web, person, after=0, wait=25) for _ in range(polls)]
    wait_for_metric(web, WAITING, polls)
    return started[0]


WAITING = 'aiw3_streams_open{transport="poll"}'


def test_what_is_there_is_not_waited_for(web: WebServer, person: Person) -> None:
    tell(*badges(person.user, 9))
    answer = ask(web, person, after=0, wait=25)
    assert (len(sequences(answer)), answer.json()["hasMore"]) == (7, True)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"after": "abc"}, "after"),
        ({"after": "-1"}, "after"),
        ({"after": ""}, "after"),
        ({"after": "1.5"}, "after"),
        ({"after": "9" * 40}, "after"),
        ({"after": "6.superseded"}, "after"),
        ({"after": "0", "wait": "soon"}, "wait"),
        ({"after": "0", "wait": "-1"}, "wait"),
        ({"after": "0", "wait": "31"}, "wait"),
    ],
)
def test_bad_input_is_named(
    web: WebServer, person: Person, parameters: dict[str, str], field: str
) -> None:
    answer = ask(web, person, **parameters)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_INPUT")
    assert list(answer.json()["details"]["fields"]) == [field]


def test_a_poll_signs_in_as_other_calls_do(web: WebServer, person: Person) -> None:
    stranger = web.get(CHANGES)
    assert (stranger.status_code, stranger.json()["error_code"]) == (401, "NOT_SIGNED_IN")
    assert stranger.headers["www-authenticate"] == "Bearer"
    assert web.get(CHANGES, headers={"Cookie": cookie_of(person)}).status_code == 200
    cross_site = {"Cookie": cookie_of(person), "Origin": "https://evil.example"}
    assert web.get(CHANGES, headers=cross_site).status_code == 403
    assert web.get(CHANGES, params={"ticket": ticket_of(person)}).status_code == 401
    assert httpx.post(web.base + CHANGES, headers=person.headers).status_code == 405


def test_an_answer_can_be_quoted(web: WebServer, person: Person) -> None:
    mine = web.get(CHANGES, headers=person.headers | {"X-Correlation-Id": "mine"})
    assert mine.headers["x-correlation-id"] == "mine"
    assert ask(web, person, after="x").headers["x-correlation-id"]


def test_too_many_waiting_polls_are_refused_and_plain_ones_answered(
    web: WebServer, person: Person
) -> None:
    with ThreadPoolExecutor(6) as threads:
        waiting = wait_in(threads, web, person, polls=6)
        refused = ask(web, person, after=0, wait=25)
        assert (refused.status_code, refused.json()["error_code"]) == (429, "TOO_MANY_STREAMS")
        assert int(refused.headers["retry-after"]) > 0
        assert ask(web, person, after=0).status_code == 200
        tell(badge(person.user))
        assert sequences(waiting.result()) == [1]


def test_a_client_that_leaves_is_no_longer_waited_for(web: WebServer, person: Person) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(
            web.base + CHANGES, headers=person.headers, params={"after": 0, "wait": 30}, timeout=3
        )
    wait_for_metric(web, WAITING, 0)


def test_who_signs_out_stops_waiting(web: WebServer, person: Person) -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = wait_in(threads, web, person)
        session = LoginSession.objects.get(id=person.session_id)
        end_login_session(session=session, now=timezone.now())
        answer = waiting.result()
    assert (answer.status_code, answer.json()["error_code"]) == (401, "SESSION_ENDED")


def test_a_server_that_stops_answers_the_polls_that_wait(person: Person) -> None:
    server = start_web()
    with ThreadPoolExecutor(1) as threads:
        waiting = wait_in(threads, server, person)
        server.process.send_signal(signal.SIGTERM)
        assert waiting.result().status_code == 304
    assert server.process.wait(PATIENCE) is not None
