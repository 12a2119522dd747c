"""A real uvicorn in a process of its own, and a client that reads its streams."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import httpx
from django.conf import settings
from django.db import connection

from core.processes import spawn, stop
from demo.servers import free_port
from tests.patience import PATIENCE
from tests.plain_http import NO_TLS


@dataclass
class WebServer:
    process: subprocess.Popen[bytes]
    base: str
    port: int

    def get(self, path: str, **more: Any) -> httpx.Response:
        return httpx.get(self.base + path, timeout=PATIENCE, verify=NO_TLS, **more)

    def stream(self, path: str = "/api/v1/user/nft-events", **more: Any) -> "Sse":
        return Sse(self.base + path, **more)

    def stop(self) -> None:
        stop(self.process)


def start_web(redis_url: str | None = None, **environment: str) -> WebServer:
    """Serve the site on the test database until `stop()`."""
    port = free_port()
    quick = {
        "STREAM_HEARTBEAT_SECONDS": "0.5",
        "STREAM_DEAF_SECONDS": "1.5",
        "STREAM_LOG_POLL_SECONDS": "0.3",
        "STREAM_SESSION_CHECK_SECONDS": "0.3",
        "STREAM_REPLAY_LIMIT": "20",
        "STREAM_GRACE_SECONDS": "1",
        "STREAM_PENDING_BYTES": "65536",
        "STREAM_POLL_PAGE": "7",
        "METRICS_PUBLIC": "true",
    }
    process = spawn(
        [
            *[sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port)],
            *["--ws-per-message-deflate", "false", "--ws-max-size", "4096"],
        ],
        env=os.environ
        | quick
        | environment
        | {"DATABASE_URL": test_database_url(), "REDIS_URL": redis_url or settings.REDIS_URL},
        log=None,
    )
    server = WebServer(process, f"http://127.0.0.1:{port}", port)
    _wait_until_ready(server)
    return server


def test_database_url() -> str:
    url = httpx.URL(settings.DATABASE_DIRECT_URL)
    return str(url.copy_with(path=f"/{connection.settings_dict['NAME']}"))


test_database_url.__test__ = False  # type: ignore[attr-defined]


def _wait_until_ready(server: WebServer) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if server.get("/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    server.stop()
    raise RuntimeError("uvicorn did not start")


def wait_for_readiness(web: WebServer, status: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while web.get("/readyz").status_code != status:
        assert time.monotonic() < deadline, f"readiness never became {status}"
        time.sleep(0.1)


def metric(web: WebServer, name: str) -> float:
    """`name` as it is exposed, with its labels."""
    for line in web.get("/metrics").text.splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    return 0.0


def wait_for_metric(web: WebServer, name: str, value: float) -> None:
    deadline = time.monotonic() + PATIENCE
    while metric(web, name) != value:
        assert time.monotonic() < deadline, f"{name} never became {value}"
        time.sleep(0.05)


@dataclass
class Message:
    id: str | None = None
    retry: str | None = None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return str(self.data["type"])


class Ended(Exception):
    """The server closed the stream."""


class Closable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=Closable)

_opened: list[Closable] = []


def close_later(opened: C) -> C:
    """At the end of the test."""
    _opened.append(opened)
    return opened


def close_streams() -> None:
    while _opened:
        _opened.pop().close()


class Sse:
    """One open response. `status` is known at once; messages come with `next`."""

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        last: str | None = None,
        **more: Any,
    ):
        self._client = httpx.Client(timeout=PATIENCE, verify=NO_TLS)
        sent = dict(headers or {}) | ({"Last-Event-ID": last} if last is not None else {})
        request = self._client.build_request("GET", url, headers=sent, **more)
        self.response = self._client.send(request, stream=True)
        close_later(self)
        self._messages = _parse(self.response.iter_lines())

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def error_code(self) -> str:
        return str(json.loads(self.response.read())["error_code"])

    def next(self, *, heartbeats: bool = False) -> Message:
        """Raises Ended, httpx.ReadTimeout; also for a stream that has nothing but heartbeats."""
        deadline = time.monotonic() + PATIENCE
        for message in self._messages:
            if heartbeats or message.type != "heartbeat":
                return message
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("nothing but heartbeats")
        raise Ended

    def take(self, count: int) -> list[Message]:
        return [self.next() for _ in range(count)]

    def sequences(self, count: int) -> list[int]:
        return [int(message.data["sequence"]) for message in self.take(count)]

    def has_ended(self) -> bool:
        """Reads what is left; False when more than heartbeats comes."""
        try:
            self.next()
        except Ended:
            return True
        return False

    def close(self) -> None:
        self.response.close()
        self._client.close()


def _parse(lines: Iterator[str]) -> Iterator[Message]:
    message = Message()
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "data":
            message.data = json.loads(value)
        elif name in {"id", "retry"}:
            setattr(message, name, value)
        elif line == "":
            yield message
            message = Message()


UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def raw_request(
    port: int, path: str, token: str, *, receive_buffer: int = 65536, more: str = ""
) -> socket.socket:
    """A client that has asked for a stream and reads only when told to.

    `more`: further header lines, each with its end.
    """
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect(("127.0.0.1", port))
    client.settimeout(PATIENCE)
    headers = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{more}"
    client.sendall(f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode())
    return client


def read_until(client: socket.socket, wanted: bytes) -> bytes:
    """Everything that comes up to `wanted`. Raises EOFError, TimeoutError."""
    got, unsearched = bytearray(), 0
    while got.find(wanted, unsearched) < 0:
        unsearched = max(0, len(got) - len(wanted))
        part = client.recv(65536)
        if not part:
            raise EOFError(bytes(got))
        got += part
    return bytes(got)
