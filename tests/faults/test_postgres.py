"""PostgreSQL stops or crashes and comes back: clean answers meanwhile, no process is restarted."""

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import uuid4

import pytest
from django.db import connection

from tests.faults.member import Member, newcomer, owners
from tests.faults.system import FaultySystem, eventually
from tests.realtime.servers import Sse

pytestmark = pytest.mark.e2e

TRADE = {"volumeUsd": "1", "executedAt": "2026-01-01T00:00:00Z"}


@pytest.fixture
def applications(system: FaultySystem) -> Iterator[None]:
    """The same processes before and after."""
    before = {name: child.pid for name, child in system.children.items() if name != "postgres"}
    yield
    system.check()
    after = {name: child.pid for name, child in system.children.items() if name != "postgres"}
    assert after == before


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_database_that_comes_back_is_found_again_by_every_process(
    system: FaultySystem, applications: None, how: int
) -> None:
    [burner] = owners(system, 1)
    unlocker = newcomer(system)
    trade = {**TRADE, "tradeId": str(uuid4()), "walletAddress": burner.address}
    upgrade = burner.start_upgrade()
    signature = burner.burn(upgrade)
    url = system.base_url + "/api/v1/user/nft-events"
    with closing(Sse(url, headers=burner.headers)) as stream:
        assert stream.next().type == "connection_established"
        burner.confirm(upgrade, signature)  # under way in the worker while the database goes
        system.kill("postgres", how)
        refusals(system, burner, unlocker, trade)
        system.restart_postgres()
        system.let_leases_run_out()  # of the job that could not give its claim back
        eventually(lambda: burner.send("GET", "/readyz").status_code == 200, "readiness")
        burner.wait_for(upgrade, "completed")
        types = [stream.next().type for _ in range(2)]
        while types[-1] != "upgrade_completed":
            types.append(stream.next().type)
    assert types.count("burn_confirmed") == 1
    assert len(burner.minted()) == 1
    [result] = burner.as_service("/api/v1/trades", [trade])["results"]
    assert result["status"] == "recorded"  # the refused call had left nothing
    unlocker.unlock()
    unlocker.wait_for_nft()


def refusals(system: FaultySystem, burner: Member, unlocker: Member, trade: object) -> None:
    """Every call gets the one error format and learns nothing about the database."""
    service = {"Authorization": f"Api-Key {system.service_api_key}"}
    session = {"Cookie": "sessionid=abcdefghijklmnopqrstuvwxyz012345"}
    calls = [
        lambda: burner.send("GET", "/api/v1/user/nfts"),
        lambda: burner.send("GET", f"/api/auth/nonce/{burner.address}"),
        lambda: burner.send("POST", "/api/v1/trades", [trade], **service),
        lambda: unlocker.send("POST", "/api/v1/user/unlock-nft", {"tierLevel": 1}),
        lambda: unlocker.send("GET", "/admin/", **session),
        lambda: unlocker.send("GET", "/api/v1/user/nft-events"),
    ]
    with ThreadPoolExecutor(len(calls)) as pool:
        answers = list(pool.map(lambda call: call(), calls))
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert set(answer.json()) == {"code", "message", "error_code", "details"}
        assert answer.json()["error_code"] == "DATABASE_UNAVAILABLE"
        assert answer.headers["retry-after"].isdigit()
        assert not [secret for secret in system.secrets().values() if secret in answer.text]
    assert burner.send("GET", "/healthz").status_code == 200
    assert burner.send("GET", "/readyz").status_code == 503


@pytest.mark.django_db
def test_a_dead_network_to_the_database_is_noticed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as wire:
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
