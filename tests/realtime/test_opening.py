"""Who may open a stream, how many, and how a stream ends."""

import signal
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts.models import LoginSession, StreamTicket
from accounts.services import end_login_session, issue_stream_ticket
from core.ids import uuid7
from nft.events import UpgradeCancelled
from tests.patience import PATIENCE
from tests.realtime.feed import Person, badge, badges, new_person, tell
from tests.realtime.servers import (
    Ended,
    Message,
    Sse,
    WebServer,
    metric,
    raw_request,
    read_until,
    start_web,
    wait_for_readiness,
)

pytestmark = pytest.mark.usefixtures("heads")

FEED = "/api/v1/user/nft-events"


def cookie_of(person: Person) -> str:
    """A browser session, as the sign-in of accounts leaves it."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.user.id)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def ticket_of(person: Person) -> str:
    session = LoginSession.objects.get(id=person.session_id)
    return issue_stream_ticket(user=person.user, session=session, now=timezone.now()).ticket


def last_before_end(stream: Sse) -> Message:
    message = stream.next()
    try:
        while True:
            message = stream.next()
    except Ended:
        return message


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Api-Key x"}]
)
def test_a_stranger_is_refused_in_the_one_error_format(
    web: WebServer, headers: dict[str, str]
) -> None:
    answer = web.get(FEED, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert set(answer.json()) == {"code", "message", "error_code", "details"}


def test_a_stream_can_only_be_read(web: WebServer) -> None:
    answers = [httpx.request(method, web.base + FEED) for method in ("POST", "HEAD", "DELETE")]
    assert [(a.status_code, a.headers["allow"]) for a in answers] == [(405, "GET, OPTIONS")] * 3


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "{own}"}, 200),
        ({"Origin": settings.PUBLIC_BASE_URL}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://evil.example", "Host": "evil.example"}, 403),
    ],
)
def test_a_cookie_counts_only_from_our_own_pages(
    web: WebServer, person: Person, headers: dict[str, str], status: int
) -> None:
    sent = {name: value.replace("{own}", web.base) for name, value in headers.items()}
    stream = web.stream(headers=sent | {"Cookie": cookie_of(person)})
    assert stream.status == status
    stream.close()


def test_a_ticket_starts_one_stream_and_resumes_it(web: WebServer, person: Person) -> None:
    ticket = ticket_of(person)
    stream = web.stream(FEED, params={"ticket": ticket})
    assert stream.next().type == "connection_established"
    resumed = web.stream(FEED, params={"ticket": ticket}, last="0")
    assert resumed.next().type == "connection_established"
    assert stream.next().type == "superseded"
    assert stream.has_ended()


def test_a_ticket_opens_no_other_stream(web: WebServer, person: Person) -> None:
    person.user.is_staff = True
    person.user.save()
    ticket = ticket_of(person)
    assert web.stream(FEED, params={"ticket": ticket}).status == 200
    again = web.stream("/api/v1/admin/events", params={"ticket": ticket})
    assert (again.status, again.error_code) == (401, "TICKET_USED")


def test_the_fourth_stream_ends_the_oldest_for_good(web: WebServer, person: Person) -> None:
    oldest, *others = [web.stream(headers=person.headers) for _ in range(3)]
    for stream in (oldest, *others):
        stream.next()
    tell(badge(person.user))
    event = oldest.next()
    fourth = web.stream(headers=person.headers)
    assert fourth.next().type == "connection_established"
    superseded = oldest.next()
    assert (superseded.type, superseded.id) == ("superseded", f"{event.id}.superseded")
    assert oldest.has_ended()
    assert web.stream(headers=person.headers, last=superseded.id).status == 204
    tell(badge(person.user))
    assert [stream.next().data["sequence"] for stream in (*others, fourth)] == [1, 1, 2]


def test_a_stream_ends_with_its_grant(web: WebServer, person: Person) -> None:
    ticket = ticket_of(person)
    web.stream(FEED, params={"ticket": ticket}).close()
    for _ in soon_expired(person):
        stream = web.stream(FEED, params={"ticket": ticket}, last="0")
        if stream.status == 200:
            break
    last = last_before_end(stream)
    assert (last.type, last.data["reason"]) == ("closing", "expired")
    assert web.stream(FEED, params={"ticket": ticket}, last="0").status == 401


def soon_expired(person: Person) -> Iterator[None]:
    """Let the person's ticket end in a moment; in a longer one where the machine was too slow."""
    for seconds in (1, 5, 20):
        end = timezone.now() + timedelta(seconds=seconds)
        StreamTicket.objects.filter(user=person.user).update(resumable_until=end)
        yield


def test_signing_out_ends_the_stream(web: WebServer, person: Person) -> None:
    stream = web.stream(headers=person.headers)
    stream.next()
    end_login_session(session=LoginSession.objects.get(id=person.session_id), now=timezone.now())
    assert stream.next().data["reason"] == "signed_out"
    assert stream.has_ended()


def test_a_client_that_does_not_read_is_cut(web: WebServer, person: Person) -> None:
    with raw_request(web.port, FEED, person.token, receive_buffer=4096) as client:
        read_until(client, b"connection_established")
        flood_until_cut(web, person)
        with pytest.raises((EOFError, ConnectionError)):
            read_until(client, b"never")


def flood_until_cut(web: WebServer, person: Person) -> None:
    """Fill what the system buffers for a client that does not read, and then some."""
    before = slow_cuts(web)
    for _ in range(45):
        tell(*(long_event(person) for _ in range(10)))
        if slow_cuts(web) > before:
            return
    pytest.fail("the slow client was never cut")


def long_event(person: Person) -> UpgradeCancelled:
    return UpgradeCancelled(user_id=person.user.id, upgrade_request_id=uuid7(), reason="x" * 20_000)


def slow_cuts(web: WebServer) -> float:
    return metric(web, 'aiw3_streams_closed_total{reason="too_slow"}')


def test_readiness_and_metrics_tell_details_only_to_operators(
    web: WebServer, person: Person
) -> None:
    assert web.get("/healthz").json() == {"status": "ok"}
    wait_for_readiness(web, 200)
    ready = web.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    person.user.is_staff = True
    person.user.save()
    told = web.get("/readyz", headers={"Cookie": cookie_of(person)})
    assert told.json()["checks"] == {"database": True, "streams": True}


@pytest.fixture(scope="module")
def strict(shared_log: None) -> Iterator[WebServer]:
    """Refuses where the other evicts, knows another origin, keeps its metrics to itself."""
    server = start_web(
        STREAMS_PER_USER_POLICY="refuse",
        STREAMS_TOTAL_POLICY="refuse",
        STREAMS_TOTAL="5",
        CORS_ALLOWED_ORIGINS="https://app.example",
        METRICS_PUBLIC="false",
    )
    yield server
    server.stop()


def test_by_setting_the_fourth_stream_is_refused(strict: WebServer, person: Person) -> None:
    opened = [strict.stream(headers=person.headers).status for _ in range(3)]
    assert opened == [200] * 3
    refused = strict.stream(headers=person.headers)
    assert (refused.status, refused.error_code) == (429, "TOO_MANY_STREAMS")
    assert int(refused.response.headers["retry-after"]) > 0


def test_by_setting_a_full_server_refuses(strict: WebServer) -> None:
    people = [new_person() for _ in range(6)]
    streams = [strict.stream(headers=p.headers) for p in people]
    assert [stream.status for stream in streams].count(200) == 5 or streams[-1].status == 503
    assert streams[-1].status == 503
    assert int(streams[-1].response.headers["retry-after"]) > 0


def test_another_page_reads_only_when_it_is_listed(strict: WebServer, person: Person) -> None:
    listed = {"Origin": "https://app.example"}
    stream = strict.stream(headers=listed | {"Cookie": cookie_of(person)})
    assert stream.response.headers["access-control-allow-origin"] == "https://app.example"
    assert stream.response.headers["access-control-allow-credentials"] == "true"
    stream.close()
    unlisted = strict.get(FEED, headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in unlisted.headers


def test_a_preflight_is_answered(strict: WebServer) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    answer = httpx.options(strict.base + FEED, headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "authorization" in answer.headers["access-control-allow-headers"]


def test_metrics_are_for_operators(strict: WebServer, person: Person) -> None:
    assert strict.get("/metrics").status_code == 401
    assert strict.get("/metrics", headers=person.headers).status_code == 403
    person.user.is_staff = True
    person.user.save()
    assert "aiw3_hub_events_total" in strict.get("/metrics", headers=person.headers).text


def test_a_server_that_stops_ends_its_streams_kindly(person: Person) -> None:
    server = start_web()
    stream = server.stream(headers=person.headers)
    stream.next()
    server.process.send_signal(signal.SIGTERM)
    closing = stream.next()
    assert (closing.type, closing.data["reason"]) == ("closing", "shutdown")
    assert 2000 <= int(closing.retry or 0) <= 4000
    assert stream.has_ended()
    assert server.process.wait(PATIENCE) is not None


def test_two_processes_share_a_users_limit(web: WebServer, strict: WebServer) -> None:
    who = new_person()
    here = [web.stream(headers=who.headers) for _ in range(2)]
    for stream in here:
        stream.next()
    second = start_web()
    there = [second.stream(headers=who.headers) for _ in range(2)]
    for stream in there:
        stream.next()
    assert here[0].next().type == "superseded"
    tell(*badges(who.user, 1))
    assert [stream.next().data["sequence"] for stream in (here[1], *there)] == [1, 1, 1]
    second.stop()
