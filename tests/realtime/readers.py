"""The three transports with one face, as a careful client would use them."""

import json
import socket as sockets
import time
from contextlib import ExitStack, suppress
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from realtime.websocket import CLOSE_CODES
from tests.patience import PATIENCE
from tests.realtime.feed import Person
from tests.realtime.servers import Ended, Message, Sse, WebServer, close_later

REASONS = {code: reason for reason, code in CLOSE_CODES.items()}
Envelope = dict[str, Any]
# What uvicorn says by itself, with 500, to a handshake that is under way when it stops.
STOPPING = b"Internal Server Error"


class Reset(Exception):
    """The point cannot be continued; the reader stands at the head now."""


class Over(Exception):
    """The server ended the stream and said why."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Broken(Exception):
    """The connection is gone without a word; or none can be had right now."""


class Refused(Exception):
    def __init__(self, status: int, error_code: str = ""):
        super().__init__(status, error_code)
        self.status = status
        self.error_code = error_code


class Reader(Protocol):
    """Reads a user's feed; `point` is what it would resume from right now."""

    transport: str
    web: WebServer
    point: int | str | None

    def __init__(self, web: WebServer, person: Person, *, after: int | None = None): ...

    def connect(self) -> None:
        """From `point`. Raises Refused, Broken."""
        ...

    def next(self) -> Envelope:
        """The next event. Raises Reset, Over, Broken, Refused."""
        ...

    def drop(self) -> None:
        """Go away without a word. What was not handed out is forgotten."""
        ...


def take(reader: Reader, count: int) -> list[int]:
    """The sequences of the next events."""
    return [int(reader.next()["sequence"]) for _ in range(count)]


class SseReader:
    transport = "sse"

    def __init__(self, web: WebServer, person: Person, *, after: int | None = None):
        self.web = web
        self.point: int | str | None = after
        self._person = person
        self._stream: Sse | None = None

    def connect(self) -> None:
        last = None if self.point is None else str(self.point)
        try:
            self._stream = self.web.stream(headers=self._person.headers, last=last)
        except httpx.TransportError as error:
            raise Broken from error
        if self._stream.status == 204:
            raise Over("superseded")
        if self._stream.status != 200:
            raise Refused(self._stream.status, self._stream.error_code)
        self._receive()

    def next(self) -> Envelope:
        message = self._receive()
        match message.type:
            case "reset":
                raise Reset
            case "superseded":
                raise Over("superseded")
            case "closing":
                raise Over(message.data["reason"])
        return message.data

    def _receive(self) -> Message:
        assert self._stream is not None
        try:
            message = self._stream.next()
        except (Ended, httpx.TransportError) as error:
            raise Broken from error
        if message.id is not None:
            self.point = int(message.id) if message.id.isdigit() else message.id
        return message

    def drop(self) -> None:
        if self._stream is not None:
            self._stream.close()


class WebSocketReader:
    transport = "websocket"

    def __init__(self, web: WebServer, person: Person, *, after: int | None = None):
        self.web = web
        self.point: int | str | None = after
        self._person = person
        self._socket: ClientConnection | None = None

    def connect(self) -> None:
        query = "" if self.point is None else "?" + urlencode({"after": self.point})
        try:
            self._socket = open_socket(self.web, query, additional_headers=self._person.headers)
        except InvalidStatus as error:
            if error.response.body == STOPPING:
                raise Broken from error
            body = json.loads(error.response.body or b"{}")
            raise Refused(error.response.status_code, body["error_code"]) from error
        except (OSError, EOFError, InvalidHandshake) as error:
            raise Broken from error
        self.point = self._receive().get("after", self.point)

    def next(self) -> Envelope:
        deadline = time.monotonic() + PATIENCE
        message = self._receive()
        while message["type"] in {"heartbeat", "superseded", "closing"}:
            assert time.monotonic() < deadline, "no event came"
            message = self._receive()  # the close code says it again
        self.point = int(message["sequence"])
        if message["type"] == "reset":
            raise Reset
        return message

    def _receive(self) -> Envelope:
        assert self._socket is not None
        try:
            return receive(self._socket)
        except ConnectionClosed as error:
            if error.rcvd is None or error.rcvd.code not in REASONS:
                raise Broken from error
            raise Over(REASONS[error.rcvd.code]) from error

    def drop(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.socket.shutdown(sockets.SHUT_RDWR)
            self._socket.close()


class PollReader:
    transport = "polling"

    def __init__(self, web: WebServer, person: Person, *, after: int | None = None):
        self.web = web
        self.point: int | str | None = after
        self._person = person
        self._waiting: list[Envelope] = []

    def connect(self) -> None:
        if self.point is None:
            self.point = self._ask().json()["sequence"]

    def next(self) -> Envelope:
        deadline = time.monotonic() + PATIENCE
        while not self._waiting:
            assert time.monotonic() < deadline, "no event came"
            answer = self._ask(after=self.point, wait=5)
            if answer.status_code == 200:
                self._take(answer.json())
        event = self._waiting.pop(0)
        self.point = int(event["sequence"])
        return event

    def _take(self, answer: dict[str, Any]) -> None:
        if answer.get("reset"):
            self.point = answer["sequence"]
            raise Reset
        self._waiting = answer["events"]
        assert answer["sequence"] == self._waiting[-1]["sequence"]

    def _ask(self, **parameters: Any) -> httpx.Response:
        try:
            answer = self.web.get(CHANGES, headers=self._person.headers, params=parameters)
        except httpx.TransportError as error:
            raise Broken from error
        if answer.status_code not in {200, 304}:
            raise Refused(answer.status_code, answer.json()["error_code"])
        return answer

    def drop(self) -> None:
        self._waiting = []


CHANGES = "/api/v1/user/nft-portfolio-changes"
READERS: list[type[Reader]] = [SseReader, WebSocketReader, PollReader]


def open_socket(web: WebServer, query: str = "", **more: Any) -> ClientConnection:
    """A WebSocket. Raises InvalidStatus when it is refused."""
    uri = f"ws://127.0.0.1:{web.port}/ws/nft-events/{query}"
    closing = close_later(ExitStack())
    socket: ClientConnection = closing.enter_context(
        connect(
            uri, compression=None, open_timeout=PATIENCE, close_timeout=5, ping_interval=None,
            proxy=None, **more,
        )
    )  # fmt: skip
    return socket


def receive(socket: ClientConnection) -> Envelope:
    """The next message. Raises ConnectionClosed, TimeoutError."""
    message: Envelope = json.loads(socket.recv(timeout=PATIENCE))
    return message
