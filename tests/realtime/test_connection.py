"""One connection whose client reads, stops reading, or is gone."""

import asyncio
from typing import Any

import pytest

from realtime.connection import Connection, abort
from realtime.sse import SSE
from realtime.websocket import WEBSOCKET
from tests.together import until


class Client:
    """An ASGI server's `send` with a gate: closed, it applies backpressure."""

    def __init__(self) -> None:
        self.got = b""
        self.is_complete = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.gone = False
        self.cancelled = False
        self.transport = self
        self.aborted = False

    async def send(self, message: Any) -> None:
        if self.gone:
            raise OSError("disconnected")
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        self.got += message["body"]
        self.is_complete = not message["more_body"]

    def abort(self) -> None:
        self.aborted = True


@pytest.fixture
async def client() -> Client:
    return Client()


class SocketClient(Client):
    """The same for a WebSocket."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Any] = []

    async def send(self, message: Any) -> None:
        await self.gate.wait()
        self.sent.append(message.get("text") or message["code"])


def connect(client: Client, *, limit: int = 100, grace: float = 0.1) -> Connection[bytes]:
    return Connection(
        client.send,
        SSE,
        last_words=lambda reason: f"[{reason}]".encode(),
        on_over=lambda: None,
        limit=limit,
        grace=grace,
    )


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_reading_client_is_written_to_at_once(client: Client) -> None:
    connection = connect(client)
    connection.write(b"one,")
    connection.write(b"two")
    assert (client.got, connection.is_blocked) == (b"one,two", False)


async def test_what_waits_goes_out_in_order_when_the_client_reads_again(client: Client) -> None:
    connection = connect(client)
    client.gate.clear()
    for frame in (b"one,", b"two,", b"three"):
        connection.write(frame)
    assert (client.got, connection.is_blocked) == (b"", True)
    client.gate.set()
    await settle()
    assert (client.got, connection.is_blocked) == (b"one,two,three", False)
    connection.write(b"!")
    assert client.got.endswith(b"three!")


async def test_a_client_that_falls_too_far_behind_hears_why(client: Client) -> None:
    connection = connect(client, limit=10, grace=5)
    client.gate.clear()
    for _ in range(20):
        connection.write(b"0123")
    assert connection.ended_because == "too_slow"
    client.gate.set()
    await settle()
    assert (client.got, client.is_complete) == (b"0123[too_slow]", True)


async def test_a_client_that_never_reads_loses_its_socket(client: Client) -> None:
    connection = connect(client, limit=10, grace=0.05)
    client.gate.clear()
    for _ in range(20):
        connection.write(b"0123")
    await until(lambda: connection.is_over)
    await settle()
    assert (client.aborted, client.cancelled) == (True, True)


def connect_socket(client: Client, *, limit: int = 10, grace: float = 30) -> Connection[str]:
    return Connection(
        client.send,
        WEBSOCKET,
        last_words=lambda reason: f"[{reason}]",
        on_over=lambda: None,
        limit=limit,
        grace=grace,
    )


async def test_every_message_of_a_socket_is_a_frame_of_its_own() -> None:
    client = SocketClient()
    connection = connect_socket(client)
    connection.write("one")
    client.gate.clear()
    for frame in ("two", "three", "four"):
        connection.write(frame)
    connection.end("expired", "bye")
    client.gate.set()
    await until(lambda: connection.is_over)
    assert client.sent == ["one", "two", "three", "four", "bye", 4101]


async def test_a_slow_socket_is_closed_with_the_reason() -> None:
    client = SocketClient()
    connection = connect_socket(client)
    client.gate.clear()
    for frame in ("first", "second", "third"):
        connection.write(frame)
    assert connection.ended_because == "too_slow"
    client.gate.set()
    await until(lambda: connection.is_over)
    assert client.sent == ["first", "[too_slow]", 4001]


async def test_a_socket_whose_client_never_answers_the_end_is_dropped() -> None:
    client = SocketClient()
    connection = connect_socket(client, grace=0.05)
    connection.end("expired", "bye")
    await until(lambda: client.aborted)
    assert client.sent == ["bye", 4101]


async def test_the_first_reason_to_end_counts(client: Client) -> None:
    connection = connect(client)
    connection.end("expired", b"bye")
    connection.end("shutdown", b"late")
    connection.write(b"later")
    await settle()
    assert (client.got, client.is_complete) == (b"bye", True)
    assert connection.ended_because == "expired"


async def test_a_client_that_is_gone_is_noticed_while_writing(client: Client) -> None:
    connection = connect(client)
    client.gone = True
    connection.write(b"one")
    assert (connection.ended_because, connection.is_over) == ("client_left", True)


async def test_a_client_that_leaves_while_blocked_is_noticed(client: Client) -> None:
    connection = connect(client)
    client.gate.clear()
    connection.write(b"one")
    connection.write(b"two")
    client.gone = True
    client.gate.set()
    await settle()
    assert (connection.ended_because, connection.is_blocked) == ("client_left", False)


async def test_aborting_needs_no_transport() -> None:
    async def send(message: Any) -> None: ...

    abort(send)
    await send({})
