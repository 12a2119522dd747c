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

pytestmark = [pytest.mark.usefixtures("heads", "_threads_are_seen")]

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
def _threads_are_seen(web: WebServer) -> None:
    if not threads_of(web).exists():
        pytest.skip("threads are counted through /proc, which this system does not have")


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize(
    ("path", "more", "transport", "readers"),
    [
        ("/api/v1/user/nft-events", "", "sse", 200),
        ("/ws/nft-events/", UPGRADE, "websocket", 200),
        (f"{CHANGES}?after=0&wait=30", "", "poll", 100),  # all must wait within the 30 s
    ],
    ids=["sse", "websocket", "poll"],
)
def test_a_reader_costs_no_thread_and_no_connection(
    web: WebServer, opened: ExitStack, path: str, more: str, transport: str, readers: int
) -> None:
    people = [new_person() for _ in range(readers)]
    open_now = f'aiw3_streams_open{{transport="{transport}"}}'

    def open_as(person: Person) -> socket.socket:
        return opened.enter_context(raw_request(web.port, path, person.token, more=more))

    first, *others = people
    clients = [open_as(first)]
    wait_for_metric(web, open_now, 1)
    before = held(web)
    clients += [open_as(person) for person in others]
    wait_for_metric(web, open_now, readers)
    assert held(web).is_about(before)
    tell(*(badge(person.user) for person in people))
    for client in clients:
        read_until(client, b'"eventType":"badge_activated"')
    opened.close()
    wait_for_metric(web, open_now, 0)
    assert held(web).is_about(before)
