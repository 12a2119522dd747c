"""`make bench PART=trades`: how fast trades come in over HTTP, in bulk and one by one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx
from solders.keypair import Keypair

from bench.measures import Measure, at_least
from bench.report import Report
from bench.stand import BenchFailed, Stand, stand
from demo.servers import free_port

TITLE = "Trades"
BULK = 1000  # trades in a call: as many as it takes
WALLETS = 500
PATIENCE_SECONDS = 120.0
GROUP = "earning"


def measure(rounds: int, *, quick: bool) -> Report:
    """Raises BenchFailed, RuntimeError."""
    with stand(with_kafka=False) as servers:
        import django  # the settings ask for the servers

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("seed", verbosity=0)
        with _website(servers) as client:
            return Report("trades", TITLE, _measures(client, rounds, quick=quick), {})


@contextmanager
def _website(servers: Stand) -> Iterator[httpx.Client]:
    """The web process and the event log's, and a client with a service key."""
    port = free_port()
    web = ("-m", "uvicorn", "config.asgi:application", "--port", str(port), "--no-access-log")
    events = ("manage.py", "consume", "--with-sequencer", "realtime", GROUP)
    with (
        servers.running(*web, log="web"),
        servers.running(*events, log="events"),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client,
    ):
        _wait_for(client)
        client.headers["Authorization"] = f"Api-Key {_service_key()}"
        yield client


def _wait_for(client: httpx.Client) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            client.get("/healthz").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise BenchFailed("The web process did not start.")


def _service_key() -> str:
    from django.utils import timezone

    from accounts.services import create_service_key

    scopes = ["trades:write"]
    return create_service_key(name="bench", scopes=scopes, now=timezone.now())[1]


def _measures(client: httpx.Client, rounds: int, *, quick: bool) -> list[Measure]:
    """A round: bulk, until every effect is there; then one by one."""
    wallets = [str(Keypair().pubkey()) for _ in range(WALLETS)]
    bulk, followed, single = [], [], []
    _send(client, wallets, calls=1, each=BULK)  # warms up
    for _ in range(1 if quick else rounds):
        begun, calls = time.monotonic(), 2 if quick else 20
        bulk.append(_send(client, wallets, calls=calls, each=BULK))
        _wait_until_followed()
        followed.append(calls * BULK / (time.monotonic() - begun))
        single.append(_send(client, wallets, calls=20 if quick else 300, each=1))
        _wait_until_followed()
    against = "one trade a call"
    return [
        Measure("trades_in_bulk", "trades/s", bulk, single, against, at_least(1000)),
        Measure("trades_in_bulk_with_badges_and_tiers", "trades/s", followed, single, against),
    ]


def _send(client: httpx.Client, wallets: list[str], *, calls: int, each: int) -> float:
    """Trades a second, one call after the other."""
    begun = time.monotonic()
    for call in range(calls):
        answer = client.post("/api/v1/trades", json=_trades(wallets, call, each))
        answer.raise_for_status()
        if any(result["status"] != "recorded" for result in answer.json()["results"]):
            raise BenchFailed("A trade was not recorded.")
    return calls * each / (time.monotonic() - begun)


def _trades(wallets: list[str], call: int, count: int) -> list[dict[str, str]]:
    return [
        {
            "tradeId": str(uuid4()),
            "walletAddress": wallets[(call + number) % len(wallets)],
            "volumeUsd": "123.45",
            "executedAt": "2026-01-01T00:00:00Z",
        }
        for number in range(count)
    ]


def _wait_until_followed() -> None:
    """Until the group that awards and qualifies stands at the head of the log."""
    from events.models import Event, GroupCursor

    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        waiting = Event.objects.filter(position__isnull=True).exists()
        cursor = GroupCursor.objects.filter(name=GROUP).first()
        if not waiting and cursor and cursor.position >= Event.objects.all().head_position():
            return
        time.sleep(0.02)
    raise BenchFailed(f"{GROUP} did not come to the head of the log.")
