"""A stream with its socket to itself, in front of a real uvicorn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from realtime.sockets import SocketConnection, response_behind
from tests.patience import PATIENCE
from tests.together import until as reached

OPENING = {"type": "http.response.start", "status": 200, "headers": []}
MORE_THAN_A_SOCKET_TAKES = b"x" * (16 << 20)


class Site:
    """Opens one stream; `over` counts how often it was told that the stream is over."""

    def __init__(self, *, limit: int, grace: float, cut_first: str) -> None:
        self.over = 0
        self.greeting = b""
        self.connection: SocketConnection
        self.has_returned = False
        self._limit = limit
        self._grace = grace
        self._cut_first = cut_first

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        response = response_behind(send)
        assert response is not None
        self.connection = SocketConnection(
            response,
            last_words=lambda reason: f"[{reason}]".encode(),
            on_over=self._count,
            limit=self._limit,
            grace=self._grace,
        )
        if self._cut_first:
            self.connection.cut(self._cut_first)
        await self.connection.open(OPENING)
        self.connection.write(b"hello")
        await self.connection.wait(receive, lambda _message: None)
        self.has_returned = True

    def _count(self) -> None:
        self.over += 1


class Server(uvicorn.Server):
    """Leaves signals to the tests."""

    def __init__(self, site: Site) -> None:
        super().__init__(
            uvicorn.Config(site, port=0, lifespan="off", http="httptools", log_config=None)
        )
        self.site = site

    async def connect(
        self, *, until: bytes = b"\r\n\r\n5\r\nhello\r\n"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        await reached(lambda: self.started)
        port = self.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 25)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.site.greeting = await reader.readuntil(until)
        return reader, writer


@asynccontextmanager
async def _serving(*, grace: float = 30, cut_first: str = "") -> AsyncIterator[Server]:
    server = Server(Site(limit=100, grace=grace, cut_first=cut_first))
    running = asyncio.create_task(server._serve())
    yield server
    server.should_exit = True
    await asyncio.wait_for(running, PATIENCE)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with _serving() as server:
        yield server


async def test_the_request_ends_and_its_stream_goes_on(server: Server) -> None:
    reader, writer = await server.connect()
    await reached(lambda: not server.server_state.tasks)
    assert (server.site.has_returned, server.site.over) == (True, 0)
    server.site.connection.write(b"more")
    assert await reader.readuntil(b"more\r\n") == b"4\r\nmore\r\n"
    server.site.connection.end("expired", b"bye")
    assert await reader.read() == b"3\r\nbye\r\n0\r\n\r\n"
    await reached(lambda: server.site.over == 1)
    assert not server.server_state.connections
    writer.close()


async def test_a_client_that_leaves_is_noticed_once(server: Server) -> None:
    _, writer = await server.connect()
    writer.close()
    await reached(lambda: server.site.over == 1)
    server.site.connection.write(b"nobody reads this")
    server.site.connection.cut("shutdown")
    assert (server.site.over, server.site.connection.ended_because) == (1, "client_left")


async def test_what_the_client_says_on_the_way_is_not_heard(server: Server) -> None:
    reader, writer = await server.connect()
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await writer.drain()
    server.site.connection.write(b"more")
    assert await reader.readuntil(b"more\r\n") == b"4\r\nmore\r\n"
    writer.close()


async def test_a_client_that_falls_too_far_behind_hears_why(server: Server) -> None:
    reader, writer = await server.connect()
    connection = server.site.connection
    connection.write(MORE_THAN_A_SOCKET_TAKES)
    assert connection.is_blocked
    for _ in range(20):
        connection.write(b"0123456789")
    assert connection.ended_because == "too_slow"
    assert (await reader.read()).endswith(b"x\r\na\r\n[too_slow]\r\n0\r\n\r\n")
    writer.close()


async def test_what_waits_goes_out_in_order_when_the_client_reads_again(server: Server) -> None:
    reader, writer = await server.connect()
    connection = server.site.connection
    connection.write(MORE_THAN_A_SOCKET_TAKES)
    connection.write(b"one,")
    connection.write(b"two")
    assert connection.is_blocked
    await reader.readuntil(b"7\r\none,two\r\n")
    await reached(lambda: not connection.is_blocked)
    writer.close()


async def test_a_client_that_never_reads_loses_its_socket() -> None:
    async with _serving(grace=0.05) as server:
        _, writer = await server.connect()
        server.site.connection.write(MORE_THAN_A_SOCKET_TAKES)
        server.site.connection.end("expired", b"bye")
        await reached(lambda: server.site.over == 1)
        writer.close()


async def test_a_server_that_stops_ends_the_stream_and_waits_for_it(server: Server) -> None:
    reader, writer = await server.connect()
    server.should_exit = True
    assert await reader.read() == b"a\r\n[shutdown]\r\n0\r\n\r\n"
    writer.close()


async def test_a_stream_that_was_cut_before_it_opened_says_why() -> None:
    async with _serving(cut_first="gap") as server:
        reader, writer = await server.connect(until=b"0\r\n\r\n")
        assert server.site.greeting.endswith(b"\r\n\r\n5\r\n[gap]\r\n0\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
