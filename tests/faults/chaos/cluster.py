"""The servers and processes of a run. Each may be killed, frozen and started again."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import psycopg

from core.processes import spawn, stop
from demo.configuration import new_secrets
from demo.servers import Server, lasting_port, start_postgres, start_redis
from tests.faults.chaos.journals import Written, read_journals
from tests.patience import PATIENCE
from tools.kafka.server import KafkaServer, start_kafka

ROOT = Path(__file__).resolve().parents[3]
SESSION_TIMEOUT_MS = 6000
# `kill -9` must lose nothing that was acknowledged. The machine itself does not fail here, so
# that nothing needs to reach the disk.
DURABLE = ("synchronous_commit=on", "fsync=off", "full_page_writes=on")

FROM_LOG, FROM_KAFKA = "log-reader", "kafka-reader"  # groups whose effects are compared
ROLES = {
    "events": ("consume", "--with-sequencer", "realtime"),
    "bridge": ("consume", "kafka"),
    FROM_LOG: ("consume", FROM_LOG),
    FROM_KAFKA: ("consume", FROM_KAFKA),
    "writer": (),
}
GROUPS = {"events": "realtime", "bridge": "kafka", FROM_LOG: FROM_LOG}
ON_KAFKA = ("bridge", FROM_KAFKA)
PROGRAM = "import django; django.setup(); from tests.faults.chaos.{} import main; main()"


class Cluster:
    """Processes of every role, around a PostgreSQL, a Redis and a Kafka of their own.

    There are two of each role, and one of those in `single`.
    """

    def __init__(self, folder: Path, *, rate: int, seed: int, single: Collection[str] = ()):
        self.folder, self._rate, self._seed, self._single = folder, rate, seed, single
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.restarts: Counter[str] = Counter()  # by role
        self.frozen: set[str] = set()
        self.surprises: list[str] = []  # processes that ended unasked
        self._attempts: Counter[str] = Counter()  # of writers, by name
        self._writing_since: dict[str, float] = {}
        self._values = new_secrets()

    def start_servers(self) -> None:
        """Servers, tables and topics."""
        for name in ("logs", "journals"):
            (self.folder / name).mkdir(parents=True)
        self._port = lasting_port()
        self._start_postgres()
        self.redis = start_redis(self.folder / "redis")
        self.kafka = start_kafka(self.folder / "kafka")
        self._prepare()

    def start_readers(self) -> None:
        for role in ROLES:
            if role != "writer":
                self.start_role(role)

    def start_role(self, role: str) -> None:
        for number in range(1, self._count(role) + 1):
            self.start(f"{role}-{number}")

    def _count(self, role: str) -> int:
        return 1 if role in self._single else 2

    def start(self, name: str) -> None:
        role = name.rsplit("-", 1)[0]
        command = self._writer(name) if role == "writer" else _python("groups", *ROLES[role])
        with (self.folder / "logs" / name).open("ab") as log:
            self.processes[name] = spawn(command, env=self.environment(role), cwd=ROOT, log=log)

    def _writer(self, name: str) -> list[str]:
        """One that replaces another makes up for what that one still had to write."""
        self._attempts[name] += 1
        began = self._writing_since.setdefault(name, time.monotonic())
        values = (self._attempts[name], self._seed, self._rate / self._count("writer"), began)
        return _python("writer", name, *map(str, values), str(self.folder / "journals"))

    def _prepare(self) -> None:
        done = subprocess.run(
            _python("preparing"), cwd=ROOT, env=self.environment("bridge"), timeout=PATIENCE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"No tables or topics: {done.stdout.decode()[-2000:]}")

    def environment(self, role: str) -> dict[str, str]:
        """Complete: nothing of the caller's settings reaches the processes."""
        values = self._values | {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": self.postgres.url,
            "DATABASE_POOL_SIZE": "0" if role == "writer" else "20",
            "REDIS_URL": self.redis.url,
            "SOLANA_RPC_URL": "http://127.0.0.1:1",
        }
        if role in ON_KAFKA:
            values["KAFKA_BOOTSTRAP_SERVERS"] = self.kafka.bootstrap
            values["KAFKA_SESSION_TIMEOUT_MS"] = str(SESSION_TIMEOUT_MS)
        return values

    # --- faults

    def up(self, role: str) -> list[str]:
        """Those of a role that run and are not frozen."""
        self._notice()
        names = [name for name in self.processes if name.startswith(f"{role}-")]
        return [name for name in names if self._runs(name) and name not in self.frozen]

    def leader(self, role: str) -> str | None:
        """The process that reads for the role's group, if it has one and can be told."""
        try:
            rows = self.sql(
                "SELECT split_part(owner, ':', 2) FROM events_consumergroup WHERE name = %s",
                GROUPS.get(role, ""), patience=2,
            )  # fmt: skip
        except psycopg.Error:
            return None
        pids = {str(self.processes[name].pid): name for name in self.up(role)}
        return pids.get(rows[0][0]) if rows else None

    def kill(self, name: str) -> None:
        process = self._process(name)
        process.kill()
        process.wait()

    def freeze(self, name: str) -> None:
        self.frozen.add(name)
        self._process(name).send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self.frozen.discard(name)
        self._process(name).send_signal(signal.SIGCONT)

    def await_servers(self) -> None:
        """They have been started again, and take their time. Raises RuntimeError."""
        if self.kafka.process.poll() is not None:  # a broker that stumbles is no fault of ours
            self.kafka.spawn_again()
        self.kafka.await_answer()
        wait_until(self._postgres_answers, "PostgreSQL", seconds=PATIENCE)
        self._notice()

    def _postgres_answers(self) -> bool:
        try:
            return self.sql("SELECT 1") == [(1,)]
        except psycopg.OperationalError:
            return False

    def restart(self, name: str) -> None:
        self.restarts[name.rsplit("-", 1)[0]] += 1
        if name == "postgres":
            self._start_postgres()
        elif name == "kafka":
            self.kafka.spawn_again()
        else:
            self.start(name)

    def runs(self, server: str) -> bool:
        return self._process(server).poll() is None and server not in self.frozen

    def _runs(self, name: str) -> bool:
        return self.processes[name].poll() is None

    def _process(self, name: str) -> subprocess.Popen[bytes]:
        servers = {"postgres": self.postgres.process, "kafka": self.kafka.process}
        return servers.get(name) or self.processes[name]

    def _notice(self) -> None:
        """Whoever ended, and was not killed by us, is started again and remembered."""
        for name, process in list(self.processes.items()):
            if process.poll() not in (None, -signal.SIGKILL):
                self.surprises.append(f"{name} ended by itself with {process.returncode}")
                self.start(name)

    # --- looking

    def sql(self, statement: str, *values: Any, patience: int = 30) -> list[tuple[Any, ...]]:
        """Raises psycopg.OperationalError after `patience` seconds without a connection."""
        url = self.postgres.url
        with psycopg.connect(url, autocommit=True, connect_timeout=patience) as session:
            return session.execute(statement.encode(), values or None).fetchall()

    # --- the end

    def stop_role(self, role: str) -> None:
        names = [name for name in self.processes if name.startswith(f"{role}-")]
        for name in names:
            self.processes[name].send_signal(signal.SIGTERM)
        for name in names:
            stop(self.processes.pop(name))

    def all_writing(self) -> bool:
        """Whether every connection of the first writers has begun."""
        sizes = [path.stat().st_size for path in (self.folder / "journals").iterdir()]
        writers = {path.name.split(".")[0] for path in (self.folder / "journals").iterdir()}
        return len(writers) == self._count("writer") and all(sizes)

    def written(self) -> Written:
        return read_journals(self.folder / "journals")

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()
        for name in ("kafka", "redis"):
            server: Server | KafkaServer | None = getattr(self, name, None)
            if server is not None:
                server.process.kill()
                server.process.wait()
        if hasattr(self, "postgres"):  # asked, because its children hold its folder
            self.postgres.stop()

    def _start_postgres(self) -> None:
        folder = self.folder / "postgres"
        self.postgres = start_postgres(folder, settings=DURABLE, port=self._port)


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(module), *arguments]


def wait_until(true: Callable[[], bool], what: str, *, seconds: float) -> float:
    """The seconds that it took. Raises RuntimeError after `seconds`."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise RuntimeError(f"Never came in {seconds:.0f} s: {what}")
        time.sleep(0.1)
    return time.monotonic() - began
