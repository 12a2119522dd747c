"""Redis fails in every way while events flow through the real processes: nothing is missed."""

import time
from collections.abc import Iterator

import pytest
from django.db import transaction
from redis import Redis
from redis import TimeoutError as RedisTimeout

from events.services import publish
from tests.realtime.feed import Person, badge
from tests.realtime.servers import wait_for_readiness
from tests.realtime.system import System, start_system

EVENTS = 20
SECONDS_BETWEEN = 0.1


@pytest.fixture(scope="module")
def system(shared_log: None) -> Iterator[System]:
    system = start_system()
    yield system
    system.stop()


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
