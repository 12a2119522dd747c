"""The servers of a run: durable PostgreSQL, Redis and, where it can be had, Apache Kafka."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.processes import spawn, stop
from demo.configuration import new_secrets
from demo.servers import start_postgres, start_redis
from tools.kafka.server import start_kafka

ROOT = Path(__file__).resolve().parent.parent


class BenchFailed(Exception):
    """A figure could not be taken: something did not start, or an event did not arrive."""


@dataclass(frozen=True)
class Stand:
    """`folder` is gone after the run."""

    folder: Path

    @contextmanager
    def running(
        self, *command: str, env: Mapping[str, str] | None = None, log: str = ""
    ) -> Iterator[None]:
        """`python COMMAND` in a process of its own while the block runs."""
        with (self.folder / f"{log or command[-1]}.log").open("ab") as out:
            process = spawn(
                [sys.executable, *command], cwd=ROOT, env={**os.environ, **(env or {})}, log=out
            )
        try:
            yield
        finally:
            stop(process)


@contextmanager
def stand(*, with_kafka: bool = True) -> Iterator[Stand]:
    """Servers, and the environment of this process set to use them.

    Raises KafkaMissing, RuntimeError when a server does not start.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aiw3-bench-")))
        folder.chmod(0o711)  # the database's user passes through
        bootstrap = ""
        if with_kafka:
            kafka = start_kafka(folder / "kafka", java=())
            stack.callback(kafka.stop)
            bootstrap = kafka.bootstrap
        # As durable as the default, and a commit takes a fraction of its time on many disks.
        postgres = start_postgres(folder / "postgres", settings=("wal_sync_method=open_datasync",))
        stack.callback(postgres.stop)
        redis = start_redis(folder / "redis")
        stack.callback(redis.stop)
        os.environ |= new_secrets() | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": postgres.url,
            "DATABASE_DIRECT_URL": postgres.url,
            "REDIS_URL": redis.url,
            "SOLANA_RPC_URL": "http://127.0.0.1:1",
            "LOG_LEVEL": "WARNING",
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        }
        yield Stand(folder)
