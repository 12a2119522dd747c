"""What only a WebSocket has: its handshake, its close codes, and a client that talks."""

import json
import re
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.typing import Subprotocol

from accounts.models import LoginSession, StreamTicket
from accounts.services import end_login_session
from realtime.handshake import websocket
from realtime.websocket import CLOSE_CODES
from tests.patience import PATIENCE
from tests.realtime.feed import Person, badge, new_person, tell
from tests.realtime.readers import open_socket, receive
from tests.realtime.servers import UPGRADE, WebServer, raw_request, read_until, start_web
from tests.realtime.test_opening import cookie_of, flood_until_cut, soon_expired, ticket_of

pytestmark = pytest.mark.usefixtures("heads")


def opened(web: WebServer, query: str = "", **more: Any) -> ClientConnection:
    """A WebSocket that has been greeted."""
    socket = open_socket(web, query, **more)
    assert receive(socket)["type"] == "connection_established"
    return socket


def of(web: WebServer, person: Person, query: str = "") -> ClientConnection:
    return opened(web, query, additional_headers=person.headers)


def refusal(web: WebServer, query: str = "", **more: Any) -> tuple[int, str]:
    """The HTTP status and the error code of a handshake that fails."""
    with pytest.raises(InvalidStatus) as refused:
        open_socket(web, query, **more)
    response = refused.value.response
    body = json_of(response.body)
    assert set(body) == {"code", "message", "error_code", "details"}
    assert body["code"] == response.status_code
    return response.status_code, body["error_code"]


def json_of(body: bytes | bytearray | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body or b"{}")
    return found


def next_message(socket: ClientConnection) -> dict[str, Any]:
    """But heartbeats."""
    message = receive(socket)
    while message["type"] == "heartbeat":
        message = receive(socket)
    return message


def last_words(socket: ClientConnection) -> tuple[int | None, dict[str, Any]]:
    """The close code and the message before it."""
    last: dict[str, Any] = {}
    try:
        while True:
            message = receive(socket)
            last = last if message["type"] == "heartbeat" else message
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None, last


def test_the_first_message_says_where_to_resume(web: WebServer, person: Person) -> None:
    tell(badge(person.user), badge(person.user))
    new = receive(open_socket(web, additional_headers=person.headers))
    assert new["userId"] == str(person.user.id)
    assert (new["sequence"], new["after"]) == (2, 2)
    assert new["retry"] > 0
    back = receive(open_socket(web, "?after=1", additional_headers=person.headers))
    assert (back["sequence"], back["after"]) == (2, 1)
    lost = open_socket(web, "?after=nonsense", additional_headers=person.headers)
    assert "after" not in receive(lost)
    assert receive(lost) == {"type": "reset", "sequence": 2, "snapshot": "/api/v1/user/nfts"}


def test_a_browser_sends_its_token_as_a_subprotocol(web: WebServer, person: Person) -> None:
    socket = opened(web, subprotocols=[Subprotocol("bearer"), Subprotocol(person.token)])
    assert socket.subprotocol == "bearer"
    nonsense = [Subprotocol("bearer"), Subprotocol("nonsense")]
    assert refusal(web, subprotocols=nonsense) == (401, "TOKEN_INVALID")
    assert refusal(web, subprotocols=[Subprotocol("bearer")]) == (401, "NOT_SIGNED_IN")


def test_a_ticket_opens_one_socket_and_resumes_it(web: WebServer, person: Person) -> None:
    ticket = ticket_of(person)
    first = opened(web, f"?ticket={ticket}")
    opened(web, f"?ticket={ticket}&after=0")
    assert last_words(first)[0] == CLOSE_CODES["superseded"]
    StreamTicket.objects.filter(user=person.user).update(resumable_until=timezone.now())
    assert refusal(web, f"?ticket={ticket}") == (401, "TICKET_EXPIRED")


def test_a_stranger_is_refused(web: WebServer) -> None:
    assert refusal(web) == (401, "NOT_SIGNED_IN")
    assert refusal(web, "?ticket=nonsense") == (401, "TICKET_INVALID")


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_no_proof_helps_a_strange_page(web: WebServer, person: Person, origin: str) -> None:
    for proof in ({"Cookie": cookie_of(person)}, person.headers):
        refused = refusal(web, additional_headers=proof | {"Origin": origin})
        assert refused == (403, "ORIGIN_NOT_ALLOWED")


def test_our_own_pages_use_their_session(web: WebServer, person: Person) -> None:
    for origin in (web.base, settings.PUBLIC_BASE_URL):
        opened(web, additional_headers={"Cookie": cookie_of(person), "Origin": origin})


def test_there_is_only_one_address(web: WebServer, person: Person) -> None:
    assert refusal(web, "else/", additional_headers=person.headers) == (404, "NOT_FOUND")


async def test_where_no_answer_can_be_sent_the_close_code_has_the_status() -> None:
    sent: list[Any] = []

    async def receive_connect() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/ws/elsewhere/", "headers": []}
    await websocket(scope, receive_connect, send)
    assert sent == [{"type": "websocket.close", "code": 4404, "reason": "NOT_FOUND"}]


def test_sockets_and_event_streams_share_the_limit(web: WebServer, person: Person) -> None:
    oldest = of(web, person)
    events = [web.stream(headers=person.headers) for _ in range(2)]
    for stream in events:
        stream.next()
    newest = of(web, person)
    code, last = last_words(oldest)
    assert (code, last["type"]) == (4100, "superseded")
    of(web, person)
    assert events[0].next().type == "superseded"
    tell(badge(person.user))
    assert next_message(newest)["sequence"] == 1


def test_the_id_of_a_superseded_stream_opens_none(web: WebServer, person: Person) -> None:
    headers = person.headers
    refused = refusal(web, "?after=3.superseded", additional_headers=headers)
    assert refused == (409, "SUPERSEDED")


def test_a_socket_ends_with_its_sign_in(web: WebServer, person: Person) -> None:
    socket = of(web, person)
    session = LoginSession.objects.get(id=person.session_id)
    end_login_session(session=session, now=timezone.now())
    code, last = last_words(socket)
    assert (code, last["type"], last["reason"]) == (4102, "closing", "signed_out")


def test_a_socket_ends_with_its_grant(web: WebServer, person: Person) -> None:
    ticket = ticket_of(person)
    opened(web, f"?ticket={ticket}").close()
    for _ in soon_expired(person):
        with suppress(InvalidStatus):
            socket = open_socket(web, f"?ticket={ticket}&after=0")
            break
    assert last_words(socket)[0] == 4101


def test_a_server_that_stops_says_when_to_come_back(person: Person) -> None:
    server = start_web()
    socket = of(server, person)
    server.process.send_signal(signal.SIGTERM)
    code, last = last_words(socket)
    assert (code, last["reason"]) == (4000, "shutdown")
    assert 2000 <= last["retry"] <= 4000
    assert server.process.wait(PATIENCE) is not None


def test_a_server_that_is_late_tells_everybody_that_it_stops(shared_log: None) -> None:
    server = start_web()
    crowd = [of(server, new_person()) for _ in range(20)]
    server.process.send_signal(signal.SIGSTOP)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)  # meanwhile uvicorn's look whether it is to end comes due
    server.process.send_signal(signal.SIGCONT)
    heard = [last_words(socket) for socket in crowd]
    assert {(code, last.get("reason")) for code, last in heard} == {(4000, "shutdown")}
    assert server.process.wait(PATIENCE) is not None


def test_a_ping_is_answered(web: WebServer, person: Person) -> None:
    socket = of(web, person)
    socket.send('{"type": "ping"}')
    message = next_message(socket)
    assert message["type"] == "pong"
    assert message["serverTime"].endswith("Z")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("hello", 4400),
        ("[]", 4400),
        ("[" * 1000, 4400),
        ('{"type": "subscribe"}', 4400),
        (b'{"type": "ping"}', 4400),
        ("x" * 1025, 1009),
        ("x" * 5000, 1009),
        (b"\x00" * 1_000_000, 1009),
    ],
    ids=["text", "list", "nested", "unknown", "binary", "long", "too long", "huge"],
)
def test_a_frame_that_is_not_ours_closes_the_socket(
    web: WebServer, person: Person, sent: str | bytes, code: int
) -> None:
    socket = of(web, person)
    with suppress(ConnectionClosed):  # while a huge one is on its way
        socket.send(sent)
    assert last_words(socket)[0] == code
    assert web.get("/healthz").status_code == 200


def test_bytes_that_are_no_frames_close_the_socket(web: WebServer, person: Person) -> None:
    client = raw_request(web.port, "/ws/nft-events/", person.token, more=UPGRADE)
    with client:
        read_until(client, b"connection_established")
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises((EOFError, ConnectionError)):
            read_until(client, b"never")
    assert web.get("/healthz").status_code == 200


def test_a_client_that_does_not_read_is_cut(web: WebServer, person: Person) -> None:
    path = "/ws/nft-events/"
    with raw_request(web.port, path, person.token, receive_buffer=4096, more=UPGRADE) as client:
        read_until(client, b"connection_established")
        flood_until_cut(web, person)
        with pytest.raises((EOFError, ConnectionError)):
            read_until(client, b"never")


def test_every_close_code_is_documented() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "realtime.md").read_text()
    documented = dict(re.findall(r"^\| (\d{4}) \| `(\w+)`", page, re.MULTILINE))
    expected = {str(code): reason for reason, code in CLOSE_CODES.items() if reason != "complete"}
    assert documented == expected
