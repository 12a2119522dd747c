"""One round: the same crowd before one server."""

import time
from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

from bench.helpers import Helper
from bench.realtime import delivery, publisher
from bench.realtime.crowd import Crowd
from bench.realtime.delivery import PATIENCE_SECONDS, Delivery
from bench.realtime.people import SYSTEM_FEED, USER_FEED, People
from bench.realtime.plan import Plan
from bench.realtime.processes import memory_kib
from bench.realtime.servers import Server, states
from bench.stand import BenchFailed, Stand
from core.redis import redis_client
from events.models import Event, GroupCursor, UserSequence
from realtime.channels import events_channel
from realtime.pusher import push_head

WARM_UP_CONNECTIONS = 200

Samples = Iterator[tuple[str, float]]


def our_round(
    stand: Stand,
    plan: Plan,
    people: People,
    staff: People,
    server: Server,
    readers: Crowd,
    writer: Helper,
) -> Samples:
    """Every figure once, by name. Raises BenchFailed."""
    yield from opening(plan, people.by_token(USER_FEED), server, readers)
    yield from _publishing(plan, people, server, readers, writer)
    yield from committing(stand, plan, people, server, readers, writer)
    readers.close()
    yield from _broadcasting(plan, staff.by_token(SYSTEM_FEED), server, readers, writer)
    yield "storm", _storm(stand, plan, people, readers, writer)
    readers.close()
    yield "ticket", plan.connections / readers.open(people.by_ticket(USER_FEED))
    readers.close()


def baseline_round(
    plan: Plan, people: People, server: Server, readers: Crowd, writer: Helper
) -> Samples:
    """What the baseline can do at all."""
    yield from opening(plan, people.by_name(USER_FEED), server, readers)
    yield from _publishing(plan, people, server, readers, writer)
    readers.close()
    yield from _broadcasting(plan, people.by_name(SYSTEM_FEED), server, readers, writer)


def opening(plan: Plan, requests: list[str], server: Server, readers: Crowd) -> Samples:
    readers.open(requests[:WARM_UP_CONNECTIONS])
    readers.close()
    time.sleep(plan.settle)
    before = memory_kib(server.pid)
    yield "token", plan.connections / readers.open(requests)
    time.sleep(plan.settle)
    yield "memory", (memory_kib(server.pid) - before) / plan.connections


def _publishing(
    plan: Plan, people: People, server: Server, readers: Crowd, writer: Helper
) -> Samples:
    found = delivery.from_publish(server, readers, writer, people.ids, plan)
    yield from _percentiles("publish", _complete(found))
    yield "publish cpu", found.cpu * 1000 / len(found.milliseconds)


def committing(
    stand: Stand, plan: Plan, people: People, server: Server, readers: Crowd, writer: Helper
) -> Samples:
    head = Event.objects.head_position()
    GroupCursor.objects.update_or_create(name="realtime", defaults={"position": head})
    with stand.running("manage.py", "consume", "--with-sequencer", "realtime"):
        _wait_for_the_pusher()
        found = delivery.from_commit(server, readers, writer, people.ids, plan)
    yield from _percentiles("commit", found)
    yield "commit lost", found.lost


def _broadcasting(
    plan: Plan, requests: list[str], server: Server, readers: Crowd, writer: Helper
) -> Samples:
    readers.open(requests)
    time.sleep(plan.settle)
    found = delivery.to_all(server, readers, writer, plan)
    yield from _percentiles("broadcast", _complete(found))
    readers.close()


def _storm(stand: Stand, plan: Plan, people: People, readers: Crowd, writer: Helper) -> float:
    """Seconds until everybody, coming at once, has what they missed."""
    writer.begin(publisher.write_for_all, people.ids, plan.missed).result(PATIENCE_SECONDS * 3)
    _wait_until_quiet(stand)
    has = {user: head - plan.missed for user, head in _heads().items()}
    return readers.open(people.by_token(USER_FEED, last=has), events=plan.missed)


def _percentiles(name: str, found: Delivery) -> Samples:
    yield f"{name} p50", found.percentile(0.5)
    yield f"{name} p99", found.percentile(0.99)


def _complete(found: Delivery) -> Delivery:
    if found.lost:
        raise BenchFailed(f"{found.lost} published events did not arrive.")
    return found


def _heads() -> Mapping[UUID, int]:
    return dict(UserSequence.objects.values_list("user_id", "sequence"))


def _wait_for_the_pusher() -> None:
    """It tells the head of the log as soon as it leads its group."""
    heard = redis_client().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    with heard:
        heard.subscribe(events_channel())
        _patiently(lambda: heard.get_message(timeout=0.1) is not None, "The pusher does not push.")


def _wait_until_quiet(stand: Stand) -> None:
    """The hubs have read what nobody told them, which is no part of what is measured next."""
    head = Event.objects.head_position()

    def all_read() -> bool:
        push_head(head)
        time.sleep(0.1)
        return all(state.position == head for state in states(stand))

    _patiently(all_read, "A hub does not follow the log.")


def _patiently(reached: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            raise BenchFailed(otherwise)
