"""A server under real sockets: who comes too often, and who vanishes without a word."""

import ctypes
import socket
import struct
from collections.abc import Iterator

import pytest
from django.contrib.sessions.models import Session

from tests.realtime.feed import Person, new_person
from tests.realtime.readers import CHANGES
from tests.realtime.servers import UPGRADE, WebServer, raw_request, read_until, start_web
from tests.realtime.test_opening import cookie_of
from tests.realtime.watching import metric, wait_for

FEED = "/api/v1/user/nft-events"
SO_ATTACH_FILTER = 26  # Linux; `socket` does not name it


@pytest.fixture(scope="module")
def guarded(shared_log: None) -> Iterator[WebServer]:
    server = start_web(RATE_LIMIT_STREAM="3/h", STREAM_VANISHED_SECONDS="2")
    yield server
    server.stop()


def test_an_address_that_connects_too_often_is_told_when_to_come_back(
    guarded: WebServer, person: Person, other: Person
) -> None:
    """The server believes a proxy on its own machine who it asks for."""
    from_one = {"X-Forwarded-For": "203.0.113.7"}
    streams = [guarded.stream(headers=who.headers | from_one) for who in (person, other, person)]
    assert [stream.status for stream in streams] == [200] * 3
    # Counted before anybody signs in.
    refused = guarded.get(FEED, headers=from_one)
    assert (refused.status_code, refused.json()["error_code"]) == (429, "TOO_MANY_CONNECTS")
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    elsewhere = {"X-Forwarded-For": "203.0.113.8"}
    assert guarded.stream(headers=person.headers | elsewhere).status == 200
    assert guarded.get("/healthz", headers=from_one).status_code == 200


@pytest.mark.parametrize(
    ("path", "more", "lines", "length"),
    [
        (FEED, "", 1, 2_000_000),
        (FEED, "", 100, 400),
        (CHANGES, "", 100, 400),
        ("/ws/nft-events/", UPGRADE, 100, 400),
    ],
    ids=["one line", "many lines", "poll", "websocket"],
)
def test_giant_headers_are_refused(
    web: WebServer, person: Person, path: str, more: str, lines: int, length: int
) -> None:
    giant = "".join(f"X-Part-{number}: {'x' * length}\r\n" for number in range(lines))
    with raw_request(web.port, path, person.token, more=more + giant) as client:
        assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 431 ")
    assert web.get("/healthz").status_code == 200


def test_a_client_that_vanished_without_a_word_is_noticed(guarded: WebServer) -> None:
    wait_for(lambda: metric(guarded, "aiw3_streams_open", transport="sse") == 0)
    client = raw_request(guarded.port, FEED, new_person().token, receive_buffer=65536)
    with client:
        assert b"200 OK" in client.recv(200)
        wait_for(lambda: metric(guarded, "aiw3_streams_open", transport="sse") == 1)
        deafen(client)
        wait_for(lambda: metric(guarded, "aiw3_streams_open", transport="sse") == 0)


def test_an_admins_stream_ends_with_the_password_session(
    guarded: WebServer, person: Person
) -> None:
    person.user.is_staff = True
    person.user.save()
    cookie = cookie_of(person)
    stream = guarded.stream("/api/v1/admin/events", headers={"Cookie": cookie})
    assert stream.next().type == "connection_established"
    Session.objects.filter(session_key=cookie.partition("=")[2]).delete()
    assert stream.next().data["reason"] == "signed_out"
    assert stream.has_ended()


def deafen(client: socket.socket) -> None:
    """From now on the kernel drops what arrives, unacknowledged: as if the network were gone."""
    drop_all = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    program = struct.pack("HL", 1, ctypes.addressof(drop_all))
    client.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
