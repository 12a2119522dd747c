"""Two thousand streams in one process: each is a socket, and nothing else."""

import os
import resource
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import connection, transaction

from core.redis import redis_client
from realtime.overview import read_overview
from tests.patience import PATIENCE
from tests.realtime.feed import badge, new_person, tell
from tests.realtime.servers import WebServer, start_web
from tests.realtime.watching import metric, wait_for

pytestmark = pytest.mark.usefixtures("heads")

PEOPLE = 667
STREAMS_EACH = 3
STREAMS = PEOPLE * STREAMS_EACH
CONSTANT = 4  # threads and connections that any number of streams may add together
FILES = 4 * STREAMS
BACK_SECONDS = 5.0  # after everybody left at once; it takes less than one


class Crowd:
    """Clients on plain sockets."""

    def __init__(self, port: int):
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._heard: dict[socket.socket, bytes] = {}

    def open(self, token: str) -> None:
        client = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        client.sendall(
            b"GET /api/v1/user/nft-events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
        )
        client.setblocking(False)
        self._heard[client] = b""
        self._selector.register(client, selectors.EVENT_READ)

    def wait_until_all_hear(self, word: bytes, *, seconds: float = 150) -> None:
        waiting = {client for client, heard in self._heard.items() if word not in heard}
        deadline = time.monotonic() + seconds
        while waiting:
            assert time.monotonic() < deadline, f"{len(waiting)} never heard {word!r}"
            for key, _ in self._selector.select(timeout=1):
                client = key.fileobj
                assert isinstance(client, socket.socket)
                received = client.recv(65536)
                assert received, "the server ended a stream"
                self._heard[client] += received
                if word in self._heard[client]:
                    waiting.discard(client)

    def leave(self) -> None:
        for client in self._heard:
            client.close()
        self._heard = {}
        self._selector.close()


@dataclass(frozen=True)
class Cost:
    """What a server process holds."""

    threads: int
    database: int
    redis: int
    files: int


def cost_of(web: WebServer) -> Cost:
    database = str(redis_client().connection_pool.connection_kwargs.get("db", 0))
    process = f"/proc/{web.process.pid}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        found = int(cursor.fetchone()[0])
    return Cost(
        threads=len(os.listdir(f"{process}/task")),
        database=found,
        redis=sum(client["db"] == database for client in redis_client().client_list()),
        files=len(os.listdir(f"{process}/fd")),
    )


@pytest.fixture
def many_files() -> Iterator[None]:
    """Leave for this process and its children to open as many files as they need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"this machine allows a process only {hard} open files")
    if soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def server(shared_log: None, many_files: None) -> Iterator[WebServer]:
    started = start_web(STREAM_HEARTBEAT_SECONDS="10")
    yield started
    started.stop()


@pytest.fixture
def crowd(server: WebServer) -> Iterator[Crowd]:
    clients = Crowd(server.port)
    yield clients
    clients.leave()


def open_streams(web: WebServer) -> float:
    return metric(web, "aiw3_streams_open")


def test_two_thousand_streams_hold_sockets_only_and_leave_nothing_behind(
    server: WebServer, crowd: Crowd
) -> None:
    with transaction.atomic():
        people = [new_person() for _ in range(PEOPLE)]
    first = Crowd(server.port)
    for person in people[:20]:  # starts the threads that serve all
        first.open(person.token)
    first.wait_until_all_hear(b"connection_established")
    first.leave()
    wait_for(lambda: open_streams(server) == 0)
    before = cost_of(server)

    for person in people:
        for _ in range(STREAMS_EACH):
            crowd.open(person.token)
    crowd.wait_until_all_hear(b"connection_established")
    assert open_streams(server) == STREAMS
    during = cost_of(server)
    assert during.files >= STREAMS
    assert during.threads <= before.threads + CONSTANT
    assert during.database <= before.database + CONSTANT
    assert during.redis <= before.redis + CONSTANT

    tell(*(badge(person.user) for person in people))
    crowd.wait_until_all_hear(b"badge_activated")

    crowd.leave()
    wait_for(lambda: is_back(server, before), seconds=BACK_SECONDS)
    wait_for(lambda: reported(server) == (0, 0))  # the limits count nobody


def is_back(web: WebServer, before: Cost) -> bool:
    after = cost_of(web)
    return (
        open_streams(web) == 0
        and after.files <= before.files + CONSTANT
        and after.threads <= before.threads + CONSTANT
        and after.database <= before.database + CONSTANT
        and after.redis <= before.redis + CONSTANT
    )


def reported(web: WebServer) -> tuple[int, int] | None:
    """Streams and users, as the process reports them itself."""
    overview = read_overview(now=time.time())
    found = (overview or {"processes": []})["processes"]
    return next(((r["streams"], r["users"]) for r in found if r["pid"] == web.process.pid), None)
