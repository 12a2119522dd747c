"""TLS and HTTP/2 by the nginx of `deploy/`, in front of uvicorn."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from core.processes import spawn, stop
from demo.servers import free_port
from tests.deploy.certificate import Certificate
from tests.deploy.many import FEED, check_that_all_receive, many_streams, messages
from tests.deploy.nginx import Proxy, start_nginx, wait_for_port
from tests.patience import PATIENCE
from tests.realtime.feed import Person, badge, tell
from tests.realtime.servers import WebServer, start_web
from tests.realtime.watching import metric, wait_for

pytestmark = pytest.mark.usefixtures("heads")


@pytest.fixture(scope="module")
def upstream(shared_log: None) -> Iterator[WebServer]:
    server = start_web(BEHIND_PROXY="true")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def proxy(upstream: WebServer, certificate: Certificate, folder: Path) -> Iterator[Proxy]:
    nginx = start_nginx(folder, certificate, upstream=upstream.port)
    yield nginx
    nginx.stop()


@pytest.fixture
def echo(certificate: Certificate, tmp_path: Path) -> Iterator[Proxy]:
    """The same proxy in front of an application that tells what reached it."""
    port = free_port()
    server = spawn(
        [sys.executable, "-m", "uvicorn", "tests.deploy.echo:application", "--port", str(port)],
        log=None,
    )
    wait_for_port(port, server)
    nginx = start_nginx(tmp_path, certificate, upstream=port)
    yield nginx
    nginx.stop()
    stop(server)


def test_fifty_streams_share_one_connection_and_all_receive_their_events(
    proxy: Proxy, upstream: WebServer, certificate: Certificate
) -> None:
    with many_streams(proxy.base, certificate) as streams:
        check_that_all_receive(streams)
        wait_for(lambda: metric(upstream, "aiw3_streams_open") == len(streams.responses))
    wait_for(lambda: metric(upstream, "aiw3_streams_open") == 0)


def test_a_stream_comes_unbuffered_and_unchanged_also_by_http_1(
    proxy: Proxy, certificate: Certificate, person: Person
) -> None:
    with httpx.stream(
        "GET",
        proxy.base + FEED,
        headers=person.headers,
        verify=certificate.trusting(),
        timeout=PATIENCE,
    ) as response:
        assert (response.status_code, response.http_version) == (200, "HTTP/1.1")
        assert response.headers["content-type"].startswith("text/event-stream")
        heard = messages(response)
        assert next(heard)["type"] == "connection_established"
        tell(badge(person.user))
        assert next(heard)["sequence"] == 1


def test_giant_headers_end_at_the_proxy(echo: Proxy, certificate: Certificate) -> None:
    giant = {f"X-Part-{number}": "x" * 7000 for number in range(6)}
    with httpx.Client(verify=certificate.trusting(), timeout=PATIENCE) as client:
        assert client.get(echo.base + "/any", headers=giant).status_code == 400
    with httpx.Client(verify=certificate.trusting(), timeout=PATIENCE, http2=True) as client:
        with pytest.raises(httpx.RemoteProtocolError):  # ENHANCE_YOUR_CALM
            client.get(echo.base + "/any", headers=giant)
        assert client.get(echo.base + "/any").json()["scheme"] == "https"


def test_no_log_holds_a_ticket_even_when_nobody_answers(
    certificate: Certificate, tmp_path: Path
) -> None:
    proxy = start_nginx(tmp_path, certificate, upstream=free_port())
    paths = [FEED, "/api/v1/admin/events", "/api/nft/upgrade/1/events", "/ws/nft-events/"]
    with httpx.Client(
        base_url=proxy.base, verify=certificate.trusting(), timeout=PATIENCE
    ) as client:
        answers = [client.get(path, params={"ticket": "a-secret-ticket"}) for path in paths]
    assert [answer.status_code for answer in answers] == [502] * 4
    wait_for(lambda: all(path in proxy.logs() for path in paths))
    proxy.stop()
    assert "a-secret-ticket" not in proxy.logs()


def test_the_application_hears_who_asks_and_by_which_scheme(
    echo: Proxy, certificate: Certificate
) -> None:
    pretended = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    answer = httpx.get(echo.base + "/any", headers=pretended, verify=certificate.trusting())
    told = answer.json()
    assert (told["scheme"], told["client"]) == ("https", "127.0.0.1")
    assert told["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert told["headers"]["x-forwarded-proto"] == "https"
    assert told["headers"]["host"] == echo.base.removeprefix("https://")


def test_a_websocket_gets_through(echo: Proxy, certificate: Certificate) -> None:
    address = echo.base.replace("https://", "wss://") + "/ws/nft-events/"
    with connect(address, ssl=certificate.trusting(), open_timeout=PATIENCE) as socket:
        told = json.loads(socket.recv(timeout=PATIENCE))
        assert (told["scheme"], told["headers"]["upgrade"]) == ("wss", "websocket")
        socket.send("still here")
        assert socket.recv(timeout=PATIENCE) == "still here"
