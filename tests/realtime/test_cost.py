"""What an open stream or a waiting poll does not hold, shown with a few hundred of them."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from core.redis import redis_client
from tests.realtime.feed import Person, badge, new_person, tell
from tests.realtime.readers import CHANGES
from tests.realtime.servers import UPGRADE, WebServer, raw_request, read_until, wait_for_metric

pytestmark = pytest.mark.usefixtures("heads")

READERS = 200
SPARE = 4  # sign-in threads and those of this test, which may start only now


@dataclass(frozen=True)
class Held:
    threads: int
    database: int
    redis: int

    def is_about(self, before: "Held") -> bool:
        return (
            self.threads <= before.threads + SPARE
            and self.database <= before.database + SPARE
            and self.redis <= before.redis + SPARE
        )


def held(web: WebServer) -> Held:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        database = int(cursor.fetchone()[0])
    number = settings.REDIS_URL.rpartition("/")[2]  # other workers have another one
    clients = [client for client in redis_client().client_list() if client["db"] == number]
    return Held(len(list(threads_of(web).iterdir())), database, len(clients))


def threads_of(web: WebServer) -> Path:
    return Path(f"/proc/{web.process.pid}/task")


@pytest.fixture
def people(web: WebServer) -> list[Person]:
    if not threads_of(web).exists():
        pytest.skip("threads are counted through /proc, which this system does not have")
    return [new_person() for _ in range(READERS)]


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize(
    ("path", "more", "transport"),
    [
        ("/api/v1/user/nft-events", "", "sse"),
        ("/ws/nft-events/", UPGRADE, "websocket"),
        (f"{CHANGES}?after=0&wait=30", "", "poll"),
    ],
    ids=["sse", "websocket", "poll"],
)
def test_a_reader_costs_no_thread_and_no_connection(
    web: WebServer, people: list[Person], opened: ExitStack, path: str, more: str, transport: str
) -> None:
    open_now = f'aiw3_streams_open{{transport="{transport}"}}'

    def open_as(person: Person) -> socket.socket:
        return opened.enter_context(raw_request(web.port, path, person.token, more=more))

    first, *others = people
    clients = [open_as(first)]
    wait_for_metric(web, open_now, 1)
    before = held(web)
    clients += [open_as(person) for person in others]
    wait_for_metric(web, open_now, READERS)
    assert held(web).is_about(before)
    tell(*(badge(person.user) for person in people))
    for client in clients:
        read_until(client, b'"eventType":"badge_activated"')
    opened.close()
    wait_for_metric(web, open_now, 0)
    assert held(web).is_about(before)
