"""Many upgrades run while Redis, PostgreSQL and each process of ours go away under them."""

import math
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.faults.member import Member, owners
from tests.faults.system import FaultySystem, eventually
from tests.patience import PATIENCE

pytestmark = pytest.mark.e2e

IS_LONG = os.environ.get("FAULTS_PROFILE") == "long"
UPGRADES = 100 if IS_LONG else 9
FREEZE_SECONDS = 60.0 if IS_LONG else 2.0
PATIENCE_SECONDS = 300.0
HANDS = 8  # members at work at the same time


@dataclass
class Run:
    """`refusals`: (fault, what the caller got), for each call that had to be made again."""

    system: FaultySystem
    fault: str = "none"
    running: set[str] = field(default_factory=set)
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)

    def refuse(self, answer: str) -> None:
        """For the sake of the fault that is there when the answer comes: it may be a new one."""
        self.refusals[self.fault, answer] += 1


class Stubborn:
    """A client that makes a call again after a 503 or a dead connection."""

    def __init__(self, run: Run, member: Member) -> None:
        self.run, self.member = run, member
        self._http = httpx.Client(base_url=run.system.base_url, timeout=PATIENCE, trust_env=False)
        run.system.clients.append(self._http)

    def call(self, method: str, path: str, body: object = None) -> Any:
        headers = {**self.member.headers, "Idempotency-Key": str(uuid4())}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self._http.request(method, path, json=body or {}, headers=headers)
            except httpx.TransportError as error:
                self.run.refuse(type(error).__name__)
            else:
                if answer.is_success:
                    return answer.json()
                self.run.refuse(answer.text)
                assert answer.status_code in (409, 503), answer.text  # 409: still in flight
            time.sleep(0.2)
        raise AssertionError(f"{method} {path} was never answered")

    def upgrade(self) -> str:
        """From the start to the end; the request's id."""
        upgrade = self.call("POST", "/api/nft/upgrade", self.wish)
        links = upgrade["links"]
        self.run.running.add(self.member.address)
        signature = self.member.burn(upgrade, lambda path: self.call("GET", path))
        self.call("POST", links["burnConfirm"], {"burnSignature": signature})
        while (status := self.call("GET", links["self"])["status"]) != "completed":
            assert status in ("verifying_burn", "minting", "mint_failed"), status
            time.sleep(0.2)
        self.run.running.discard(self.member.address)
        return str(upgrade["upgradeRequestId"])

    def prepare(self) -> None:
        self.wish = self.member.next_upgrade()


def flush(system: FaultySystem) -> None:
    system.redis().flushall()


def restart_redis(system: FaultySystem) -> None:
    system.kill("redis")
    system.restart("redis")


def freeze_redis(system: FaultySystem) -> None:
    with system.redis_that("hangs"):
        time.sleep(FREEZE_SECONDS)  # the fault itself


def restart_postgres(system: FaultySystem) -> None:
    system.kill("postgres")
    system.restart_postgres()


def kill(name: str) -> Callable[[FaultySystem], None]:
    def fault(system: FaultySystem) -> None:
        system.kill(name)
        if not IS_LONG:
            let_claims_run_out(system)
        system.restart(name)

    return fault


def let_claims_run_out(system: FaultySystem) -> None:
    """As a minute later: of jobs, of calls under an idempotency key, of starts."""
    system.let_leases_run_out()
    system.sql("UPDATE core_idempotencykey SET claimed_until = now() WHERE status_code IS NULL")
    for lock in system.redis().scan_iter("upgrade_lock:*"):
        system.redis().delete(lock)


FAULTS: dict[str, Callable[[FaultySystem], None]] = {
    "Redis flushed": flush,
    "Redis restarted": restart_redis,
    "Redis frozen": freeze_redis,
    "PostgreSQL killed": restart_postgres,
    "worker killed": kill("worker"),
    "beat killed": kill("beat"),
    "sequencer killed": kill("events"),
    "web killed": kill("web"),
}


@pytest.mark.timeout(1800 if IS_LONG else 900)
def test_everything_goes_away_under_running_upgrades_and_each_completes_once(
    system: FaultySystem,
) -> None:
    run = Run(system)
    members = owners(system, UPGRADES)
    clients = [Stubborn(run, member) for member in members]
    for client in clients:
        client.prepare()
    waiting = iter(clients)
    hit: dict[str, int] = {}
    with ThreadPoolExecutor(HANDS) as pool:
        upgrades: list[Future[str]] = []
        for name, fault in FAULTS.items():
            size = math.ceil((UPGRADES - len(upgrades)) / (len(FAULTS) - len(hit)))
            upgrades += [pool.submit(client.upgrade) for client in islice(waiting, size)]
            eventually(lambda: run.running, "a running upgrade", seconds=PATIENCE_SECONDS)
            run.fault = name
            hit[name] = len(run.running)
            fault(system)
            wait_until_ready(system)
        ids = [upgrade.result(PATIENCE_SECONDS) for upgrade in upgrades]
    print(f"\nUpgrades running at each fault: {hit}\nRefused: {dict(run.refusals)}")  # noqa: T201
    assert len(set(ids)) == UPGRADES
    for member in members:
        assert len(member.minted()) == 1
    assert completed_once(system, ids)
    assert not [key for key in run.refusals if key[0].startswith("Redis")]


def wait_until_ready(system: FaultySystem) -> None:
    def ready() -> bool:
        try:
            return httpx.get(f"{system.base_url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    eventually(ready, "readiness", seconds=PATIENCE_SECONDS)


def completed_once(system: FaultySystem, ids: list[str]) -> bool:
    """Each request has one end, which has its place in the member's sequence."""
    eventually(lambda: not unnumbered(system), "every event numbered")
    statement = """
        SELECT upgrade_request_id::text, count(*) FROM events_event
        WHERE type IN ('upgrade_completed', 'upgrade_cancelled', 'upgrade_expired')
        AND upgrade_request_id::text = ANY(%s) GROUP BY 1
    """
    return dict(system.sql(statement, ids)) == dict.fromkeys(ids, 1)


def unnumbered(system: FaultySystem) -> int:
    [[count]] = system.sql("SELECT count(*) FROM events_event WHERE position IS NULL")
    return int(count)
