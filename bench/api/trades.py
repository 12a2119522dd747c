"""`POST /api/v1/trades` as a trading system calls it: in bulk, and one by one."""

import secrets
import time
from uuid import uuid4

import httpx
from django.utils import timezone
from solders.keypair import Keypair

from accounts.services.keys import create_service_key
from bench.api.serving import web
from bench.measures import Measure, at_least
from bench.stand import BenchFailed, Stand
from events.models import Event, GroupCursor

BULK = 1000  # trades in a call: as many as it takes
WALLETS = 500
PATIENCE_SECONDS = 60.0
GROUP = "earning"
AGAINST = "one trade a call"


def trade_measures(stand: Stand, *, rounds: int, quick: bool) -> list[Measure]:
    """Trades a second until they are answered, and until all that they earned is told."""
    events = ("manage.py", "consume", "--with-sequencer", "realtime", GROUP)
    name = f"bench {secrets.token_hex(4)}"
    _, key = create_service_key(name=name, scopes=["trades:write"], now=timezone.now())
    with (
        web(stand, "trades", {}) as port,
        stand.running(*events, log="events"),
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False,
            headers={"Authorization": f"Api-Key {key}"},
        ) as client,
    ):  # fmt: skip
        return _measures(client, rounds, bulk=2 if quick else 20, single=20 if quick else 300)


def _measures(client: httpx.Client, rounds: int, *, bulk: int, single: int) -> list[Measure]:
    """`bulk` and `single` are the calls of a round."""
    wallets = [str(Keypair().pubkey()) for _ in range(WALLETS)]
    answered, told, one_by_one = [], [], []
    _send(client, wallets, calls=1, each=BULK)  # warms up
    for _ in range(rounds):
        begun = time.monotonic()
        answered.append(_send(client, wallets, calls=bulk, each=BULK))
        _wait_until_told()
        told.append(bulk * BULK / (time.monotonic() - begun))
        one_by_one.append(_send(client, wallets, calls=single, each=1))
        _wait_until_told()
    return [
        Measure("trades_in_bulk", "trades/s", answered, one_by_one, AGAINST, at_least(1000)),
        Measure("trades_in_bulk_with_what_they_earn", "trades/s", told, one_by_one, AGAINST),
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


def _wait_until_told() -> None:
    """Until the group that awards and qualifies stands at the head of the log."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        waiting = Event.objects.filter(position__isnull=True).exists()
        cursor = GroupCursor.objects.filter(name=GROUP).first()
        if not waiting and cursor and cursor.position >= Event.objects.all().head_position():
            return
        time.sleep(0.02)
    raise BenchFailed(f"{GROUP} did not come to the head of the log.")
