"""TLS and HTTP/2 by Daphne itself, where no proxy stands in front."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from core.processes import spawn, stop
from demo.servers import free_port
from tests.deploy.certificate import Certificate
from tests.deploy.many import FEED, check_that_all_receive, many_streams, messages
from tests.deploy.nginx import wait_for_port
from tests.patience import PATIENCE
from tests.realtime.feed import Person
from tests.realtime.servers import test_database_url
from tests.realtime.test_opening import ticket_of
from tests.realtime.watching import wait_for

pytestmark = pytest.mark.usefixtures("heads")


@dataclass
class Daphne:
    base: str
    certificate: Certificate
    log: Path

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.base + path, verify=self.certificate.trusting(), timeout=PATIENCE)


@pytest.fixture(scope="module")
def daphne(shared_log: None, certificate: Certificate, folder: Path) -> Iterator[Daphne]:
    port = free_port()
    endpoint = (
        f"ssl:{port}:interface=127.0.0.1"
        f":privateKey={certificate.key}:certKey={certificate.certificate}"
    )
    environment = {
        "DATABASE_URL": test_database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "METRICS_PUBLIC": "true",
    }
    command = ["daphne", "--verbosity", "0", "--endpoint", endpoint, "config.asgi:application"]
    log = folder / "daphne.log"
    with log.open("wb") as output:
        process = spawn(
            [sys.executable, "-m", *command], env=os.environ | environment, log=output.fileno()
        )
    wait_for_port(port, process)
    yield Daphne(f"https://127.0.0.1:{port}", certificate, log)
    stop(process)


def test_fifty_streams_share_one_connection_and_all_receive_their_events(
    daphne: Daphne, certificate: Certificate
) -> None:
    with many_streams(daphne.base, certificate) as streams:
        check_that_all_receive(streams)
        wait_for(lambda: is_open(daphne, 51))
    wait_for(lambda: is_open(daphne, 0))


def test_the_log_holds_no_ticket(daphne: Daphne, certificate: Certificate, person: Person) -> None:
    ticket = ticket_of(person)
    with httpx.stream(
        "GET",
        daphne.base + FEED,
        params={"ticket": ticket},
        verify=certificate.trusting(),
        timeout=PATIENCE,
    ) as response:
        assert next(messages(response))["type"] == "connection_established"
    wait_for(lambda: is_open(daphne, 0))
    assert ticket not in daphne.log.read_text()


def is_open(daphne: Daphne, streams: int) -> bool:
    return f'aiw3_streams_open{{transport="sse"}} {streams}.0' in daphne.get("/metrics").text
