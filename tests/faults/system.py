"""The whole system in its own processes, each of which may be frozen, killed and restarted."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import httpx
import psycopg
import redis

from chain.localnet.process import LocalnetProcess
from core.processes import spawn, stop
from demo.localnet import Localnet
from demo.servers import NOBODY, start_postgres, start_redis
from demo.state import State
from demo.system import ROOT, System
from tests.faults.rpc import KEY, FlakyRpc
from tests.patience import PATIENCE

SLOT_MS = 40
FINALITY_SLOTS = 15


class FaultySystem(System):
    """The demo's system on a faster chain, which it reaches through a flaky node."""

    def start_servers(self) -> None:
        folder = self.state.folder
        self._servers.append(start_postgres(folder / "postgres"))
        self._servers.append(start_redis(folder / "redis"))
        self._children |= {"postgres": self._servers[0].process, "redis": self._servers[1].process}
        chain = LocalnetProcess(slot_ms=SLOT_MS, finality=FINALITY_SLOTS)
        process = cast("subprocess.Popen[bytes]", chain.process)
        self._localnet = Localnet(chain.rpc_url, chain.ws_url, chain.genesis_hash, process)
        self._children["localnet"] = process
        self.chain = chain
        self.clients: list[httpx.Client] = []
        self.rpc = FlakyRpc(chain.rpc_url)

    def environment(self) -> Mapping[str, str]:
        return {
            **super().environment(),
            "SOLANA_RPC_URL": self.rpc.url,
            "SOLANA_SLOT_MS": str(SLOT_MS),
            "RATE_LIMIT_UPGRADE": "100000/min",
            "RATE_LIMIT_NONCE": "1000/min",
            "RATE_LIMIT_AUTH": "1000/min",
            "STREAM_LOG_POLL_SECONDS": "0.3",
        }

    def stop(self) -> None:
        for child in self._children.values():
            child.send_signal(signal.SIGCONT)
        restarted = [self._children["redis"], self._children["postgres"]]
        super().stop()
        for server in restarted:
            stop(server, how=signal.SIGINT)
        self.rpc.stop()
        self.chain.stop()
        for client in self.clients:
            client.close()

    @property
    def children(self) -> Mapping[str, subprocess.Popen[bytes]]:
        return self._children

    # --- faults

    def freeze(self, name: str) -> None:
        """It keeps its connections and answers nothing."""
        self._children[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        if name in self._children:
            self._children[name].send_signal(signal.SIGCONT)

    def kill(self, name: str, how: int = signal.SIGKILL) -> None:
        stop(self._children[name], how=how)

    def restart(self, name: str) -> None:
        """As it was started: the same command, folder, port and log."""
        is_server = name in ("postgres", "redis")
        folder = self.state.folder / name
        with (folder / "log" if is_server else self.state.log(name)).open("ab") as log:
            self._children[name] = spawn(
                _command(self._children[name].args),
                cwd=folder if is_server else ROOT,
                env=None if is_server else self.environment(),
                user=NOBODY if name == "postgres" and os.geteuid() == 0 else None,
                log=log,
            )

    def restart_postgres(self) -> None:
        """Again and again: after a crash it starts once its old processes are gone."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.restart("postgres")
            while self._children["postgres"].poll() is None:
                with suppress(psycopg.OperationalError):
                    self.sql("SELECT 1")
                    return
                time.sleep(0.05)
            assert time.monotonic() < deadline, "PostgreSQL did not start again"

    @contextmanager
    def redis_that(self, fault: str) -> Iterator[None]:
        """Redis `refuses` (and comes back empty) or `hangs` meanwhile."""
        self.kill("redis") if fault == "refuses" else self.freeze("redis")
        try:
            yield
        finally:
            self.restart("redis") if fault == "refuses" else self.thaw("redis")

    # --- looking

    def sql(self, statement: str, *values: Any) -> list[Any]:
        url = self.environment()["DATABASE_URL"]
        with psycopg.connect(url, autocommit=True, connect_timeout=3) as session:
            cursor = session.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.environment()["REDIS_URL"], socket_timeout=5)

    def let_leases_run_out(self) -> None:
        """As 30 seconds later."""
        for table in ("nft_mintorder", "upgrade_requests"):
            change = f"UPDATE {table} SET claimed_until = now() WHERE claimed_by IS NOT NULL"  # noqa: S608
            self.sql(change)

    def log_of(self, name: str) -> str:
        return self.state.log(name).read_text(errors="replace")

    def wait_for_log(self, name: str, text: str) -> None:
        eventually(lambda: text in self.log_of(name), f"{text!r} in the log of {name}")

    def secrets(self) -> dict[str, str]:
        """Every value that no log may hold."""
        found = {name: value for name, value in self.values.items() if name != "DEMO_ADMIN_USER"}
        found["MINT_DERIVATION_SECRETS"] = found["MINT_DERIVATION_SECRETS"].removeprefix("1:")
        urls = {name: httpx.URL(self.environment()[name]) for name in ("DATABASE_URL", "REDIS_URL")}
        return found | {name: str(url.password) for name, url in urls.items()} | {"RPC key": KEY}

    def leaks(self) -> list[str]:
        """`file: name of the secret`, for each secret in a log."""
        folder = self.state.folder
        logs = [*(folder / "logs").iterdir(), folder / "postgres" / "log", folder / "redis" / "log"]
        texts = {log: log.read_text(errors="replace") for log in logs if log.exists()}
        return [
            f"{_shown(log)}: {name}"
            for log, text in texts.items()
            for name, secret in self.secrets().items()
            if secret in text
        ]


def make_system(state: State, port: int) -> FaultySystem:
    """All processes, ready."""
    system = FaultySystem(state, port=port)
    try:
        system.start_servers()
        system.prepare()
        system.fund_authority()
        system.start_applications()
        system.wait_until_ready()
    except BaseException:
        system.stop()
        raise
    return system


def eventually(happened: Callable[[], object], what: str, *, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"Never came: {what}"
        time.sleep(0.1)


def _command(args: Any) -> list[str]:
    return [str(part) for part in args]


def _shown(log: Path) -> str:
    return f"{log.parent.name}/{log.name}"
