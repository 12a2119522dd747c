"""The hub against a real log: whatever Redis does, everything is dispatched once and in order."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError

from accounts.services import StreamGrant
from core.ids import uuid7
from events.models import Event
from realtime.access import SystemFeed, UpgradeFeed, UserFeed, may_read
from realtime.database import DatabaseThreads
from realtime.hub import Hub
from realtime.replay import Replayer
from realtime.subscription import Subscription
from realtime.wire import FeedEvent, Head, from_row
from tests.realtime.conftest import empty_log
from tests.realtime.feed import Person, badge, badges, head, new_person, stuck, write
from tests.together import until


@dataclass
class Heard:
    """A sink that remembers."""

    numbers: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def send_event(self, number: int, event: FeedEvent) -> None:
        self.numbers.append(number)

    def cut(self, reason: str) -> None:
        self.reasons.append(reason)


class FaultyThreads(DatabaseThreads):
    """A database that fails a number of times; counts the calls that got through."""

    failures = 0
    calls = 0

    async def run(self, work: Any, *args: Any, **kwargs: Any) -> Any:
        if self.failures:
            self.failures -= 1
            raise OperationalError("the database is away")
        self.calls += 1
        return await super().run(work, *args, **kwargs)


@pytest.fixture
async def threads(shared_log: None) -> AsyncIterator[FaultyThreads]:
    threads = FaultyThreads("test", size=1)
    yield threads
    threads.close()


@pytest.fixture
async def member(threads: FaultyThreads) -> Person:
    person: Person = await threads.run(new_person)
    return person


@pytest.fixture
async def hub(threads: FaultyThreads) -> Hub:
    hub = Hub(threads, poll_seconds=0.05, deaf_seconds=0.3)
    await hub.catch_up()
    return hub


def join(hub: Hub, feed: Any, *, held_limit: int = 100) -> tuple[Heard, Subscription]:
    heard = Heard()
    subscription = Subscription(feed, heard, held_limit=held_limit)
    hub.add(subscription)
    return heard, subscription


def live(hub: Hub, feed: Any, *, after: int = 0) -> Heard:
    heard, subscription = join(hub, feed)
    subscription.start(after=after, replay=[])
    return heard


async def written(threads: FaultyThreads, *events: Any) -> list[FeedEvent]:
    """The new events as they would be pushed."""

    def work() -> list[FeedEvent]:
        before = head()
        write(*events)
        return [from_row(event) for event in Event.objects.after_position(before)]

    new: list[FeedEvent] = await threads.run(work)
    return new


async def test_pushed_events_need_no_database(
    threads: FaultyThreads, hub: Hub, member: Person
) -> None:
    heard = live(hub, UserFeed(member.user.id))
    pushed = await written(threads, *badges(member.user, 3))
    calls = threads.calls
    for event in pushed:
        await hub.hear(event)
    assert (heard.numbers, threads.calls) == ([1, 2, 3], calls)


async def test_what_redis_lost_is_read_before_what_came_after(
    threads: FaultyThreads, hub: Hub, member: Person
) -> None:
    heard = live(hub, UserFeed(member.user.id))
    pushed = await written(threads, *badges(member.user, 5))
    for index in (0, 3, 1, 3, 4, 0):
        await hub.hear(pushed[index])
    assert heard.numbers == [1, 2, 3, 4, 5]


async def test_a_lost_last_event_comes_with_the_head(
    threads: FaultyThreads, hub: Hub, member: Person
) -> None:
    heard = live(hub, UserFeed(member.user.id))
    pushed = await written(threads, badge(member.user))
    await hub.hear(Head(pushed[-1].position))
    await hub.hear(pushed[0])
    assert heard.numbers == [1]


async def test_messages_that_arrive_while_the_log_is_read_are_not_repeated(
    threads: FaultyThreads, hub: Hub, member: Person
) -> None:
    heard = live(hub, UserFeed(member.user.id))
    pushed = await written(threads, *badges(member.user, 4))
    await asyncio.gather(*(hub.hear(pushed[index]) for index in (2, 0, 1, 3)))
    assert heard.numbers == [1, 2, 3, 4]


async def test_a_long_absence_is_read_in_several_batches(
    threads: FaultyThreads, hub: Hub, member: Person
) -> None:
    heard = live(hub, UserFeed(member.user.id))
    await written(threads, *badges(member.user, 1001))
    await hub.catch_up()
    assert heard.numbers == list(range(1, 1002))


async def test_a_deaf_hub_polls_and_says_so(
    threads: FaultyThreads, hub: Hub, member: Person
) -> None:
    heard = live(hub, UserFeed(member.user.id))
    await written(threads, badge(member.user))
    hub.connected = True
    watch = asyncio.create_task(hub.watch())
    await until(lambda: heard.numbers == [1])
    assert hub.is_deaf
    watch.cancel()


async def test_a_hub_that_hears_does_not_poll(threads: FaultyThreads) -> None:
    hub = Hub(threads, poll_seconds=0.01, deaf_seconds=3600)
    hub.connected = True
    await hub.catch_up()
    calls = threads.calls
    watch = asyncio.create_task(hub.watch())
    await asyncio.sleep(0.1)
    assert (threads.calls, hub.is_deaf) == (calls, False)
    watch.cancel()


async def test_a_database_that_is_away_delays_and_loses_nothing(
    threads: FaultyThreads, member: Person
) -> None:
    hub = Hub(threads, poll_seconds=0.05, deaf_seconds=0.3)
    threads.failures = 2
    await hub.catch_up()
    assert hub.is_deaf
    watch = asyncio.create_task(hub.watch())
    await asyncio.wait_for(hub.placed(), 5)
    heard = live(hub, UserFeed(member.user.id))
    pushed = await written(threads, *badges(member.user, 2))
    threads.failures = 1
    await hub.hear(pushed[1])
    await until(lambda: heard.numbers == [1, 2])
    watch.cancel()


async def test_a_log_that_went_back_starts_every_stream_again(
    threads: FaultyThreads, hub: Hub, member: Person
) -> None:
    await written(threads, *badges(member.user, 3))
    await hub.catch_up()
    heard = live(hub, UserFeed(member.user.id), after=3)
    await threads.run(empty_log)
    member = await threads.run(new_person)
    pushed = await written(threads, badge(member.user))
    again = live(hub, UserFeed(member.user.id))
    await hub.hear(Head(pushed[0].position))
    assert heard.reasons == again.reasons == ["log_restored"]
    pushed = await written(threads, badge(member.user))
    follower = live(hub, UserFeed(member.user.id), after=1)
    await hub.hear(pushed[0])
    assert follower.numbers == [2]


async def test_events_written_during_a_replay_come_after_it_once(
    threads: FaultyThreads, hub: Hub, member: Person
) -> None:
    feed = UserFeed(member.user.id)
    await written(threads, *badges(member.user, 2))
    await hub.catch_up()
    heard, subscription = join(hub, feed)
    during = await written(threads, *badges(member.user, 2))
    await hub.hear(during[0])
    read = await Replayer(threads, limit=100).read(feed, 1)
    await hub.hear(during[1])
    later = await written(threads, badge(member.user))
    await hub.hear(later[0])
    assert (heard.numbers, read.head) == ([], 4)
    subscription.start(after=1, replay=read.events)
    assert heard.numbers == [2, 3, 4, 5]


async def test_a_reader_that_holds_too_much_is_cut(
    threads: FaultyThreads, hub: Hub, member: Person
) -> None:
    heard, _ = join(hub, UserFeed(member.user.id), held_limit=1)
    for event in await written(threads, *badges(member.user, 2)):
        await hub.hear(event)
    assert heard.reasons == ["too_slow"]


async def test_a_hole_in_a_users_sequence_is_never_passed_over(
    threads: FaultyThreads, hub: Hub, member: Person
) -> None:
    events = await written(threads, *badges(member.user, 2))
    heard, subscription = join(hub, UserFeed(member.user.id))
    subscription.start(after=0, replay=events[1:])
    assert (heard.numbers, heard.reasons) == ([], ["gap"])


async def test_readers_of_one_moment_share_a_query(threads: FaultyThreads, member: Person) -> None:
    await written(threads, *badges(member.user, 3))
    stranger = uuid7()
    replayer = Replayer(threads, limit=100)
    calls = threads.calls
    points = [(member.user.id, 1), (stranger, None), (member.user.id, None), (stranger, 0)] * 75
    reads = await asyncio.gather(*(replayer.read(UserFeed(u), after) for u, after in points))
    assert threads.calls - calls == 2
    assert [len(read.events) for read in reads[:4]] == [2, 0, 0, 0]
    assert [read.head for read in reads[:4]] == [3, 0, 3, 0]
    assert all(read.reachable for read in reads)


async def test_a_replay_with_deleted_events_is_not_reachable(
    threads: FaultyThreads, member: Person
) -> None:
    await written(threads, *badges(member.user, 3))
    await threads.run(Event.objects.filter(user_id=member.user.id, sequence=1).delete)
    read = await Replayer(threads, limit=100).read(UserFeed(member.user.id), 0)
    assert (read.reachable, read.events, read.head) == (False, [], 3)


async def test_a_failing_replay_fails_for_all_who_wait_and_then_works(
    threads: FaultyThreads, member: Person
) -> None:
    replayer = Replayer(threads, limit=100)
    threads.failures = 1
    both = (replayer.read(UserFeed(member.user.id), 0) for _ in range(2))
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert [type(answer) for answer in answers] == [OperationalError, OperationalError]
    assert (await replayer.read(UserFeed(member.user.id), 0)).head == 0


async def test_readers_who_leave_do_not_disturb_the_others(
    threads: FaultyThreads, member: Person
) -> None:
    replayer = Replayer(threads, limit=100)
    left, stays = (asyncio.create_task(replayer.read(UserFeed(member.user.id), 0)) for _ in "ab")
    await asyncio.sleep(0)
    left.cancel()
    assert (await stays).head == 0
    threads.failures = 1
    left = asyncio.create_task(replayer.read(UserFeed(member.user.id), 0))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.sleep(0.05)
    assert (await replayer.read(UserFeed(member.user.id), 0)).head == 0


async def test_internal_events_keep_the_chain_and_reach_nobody(hub: Hub) -> None:
    position = (hub._position or 0) + 1
    system = live(hub, SystemFeed(), after=position - 1)
    secret = FeedEvent(position, "anything", "internal", None, None, None, "")
    public = FeedEvent(position + 1, "request_stuck", "admin", None, None, None, "{}")
    await hub.hear(secret)
    await hub.hear(public)
    assert system.numbers == [position + 1]


async def test_a_reader_who_left_hears_nothing(
    threads: FaultyThreads, hub: Hub, member: Person
) -> None:
    heard, subscription = join(hub, UserFeed(member.user.id))
    subscription.start(after=0, replay=[])
    assert hub.subscribers(subscription.feed) == 1
    hub.remove(subscription)
    for event in await written(threads, badge(member.user), stuck()):
        await hub.hear(event)
    assert (heard.numbers, hub.subscribers(subscription.feed)) == ([], 0)


@pytest.mark.parametrize("is_admin", [True, False])
def test_reading_is_denied_by_default(is_admin: bool) -> None:
    me, someone = uuid7(), uuid7()
    grant = StreamGrant(me, is_admin, datetime.now(UTC), "stream")
    assert may_read(grant, UserFeed(me))
    assert may_read(grant, UpgradeFeed(me, uuid7()))
    assert not may_read(grant, UserFeed(someone))
    assert not may_read(grant, UpgradeFeed(someone, uuid7()))
    assert may_read(grant, SystemFeed()) == is_admin
    assert not may_read(grant, "everything")  # type: ignore[arg-type]
