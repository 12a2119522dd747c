"""Leaderboards. What could go wrong, and is asked here:

a tie is broken by chance; Redis forgets a key, a member, or everything, and a wrong rank is
told; an old keeper writes over a newer one; a change between reading and forgetting is lost;
Redis and Postgres disagree; a table was changed by hand and nobody notices.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.conf import settings
from django.utils import timezone
from prometheus_client import CollectorRegistry

from analytics.metrics import BoardsCollector
from analytics.models import BoardChange, Standing
from analytics.models.boards import BEGINNING
from analytics.services import board_cache, keeping
from analytics.services.board_cache import (
    ALIVE,
    LOCK,
    Keeper,
    LostLock,
    find_place,
    keeper,
    look_up,
    names_of,
)
from analytics.services.boards import BoardKey, Place, page_of, place_of, running_boards
from analytics.services.counters import write_counters
from analytics.services.keeping import keep_boards
from analytics.services.proving import rebuild_boards
from core.ids import uuid7
from core.redis import breaker, redis_client
from tests.analytics.facts import (
    ANN,
    BOB,
    CID,
    NOON,
    completed,
    earned,
    initiated,
    lives,
    revoked,
    told,
    traded,
    unlocked,
)  # fmt: skip
from tests.analytics.test_recording import record

pytestmark = pytest.mark.django_db
ALL = BoardKey("volume", "all", BEGINNING)


def volumes(*dollars: int) -> list[UUID]:
    """Members with these volumes, who traded one after the other."""
    users = [UUID(int=100 + number) for number in range(len(dollars))]
    pairs = zip(users, dollars, strict=True)
    record(told(*(traded(user, "0", str(volume)) for user, volume in pairs)))
    return users


def ranks(place: Place | None) -> list[tuple[int, UUID, int]]:
    assert place is not None
    return [(entry.rank, entry.user_id, entry.score) for entry in place.entries]


def test_who_came_first_to_a_score_is_before_others_with_the_same() -> None:
    ann, bob, cid, dan = volumes(5, 7, 5, 5)
    record(told(traded(ann, "5", "4"), traded(ann, "4", "5")))  # and came back: now the last
    order = [(1, bob, 700), (2, cid, 500), (3, dan, 500), (4, ann, 500)]
    assert ranks(place_of(ALL, user_id=cid, around=9)) == order
    keep_boards(now=timezone.now())
    assert ranks(find_place(ALL, user_id=cid, around=9)) == order
    assert ranks(find_place(ALL, user_id=dan, around=1)) == order[1:]


def test_redis_says_the_same_as_postgres_for_everybody() -> None:
    record(lives(seed=3))
    now = NOON + timedelta(days=1)
    for _ in range(2):
        record(told(traded(BOB, "500", "900"), earned(CID, "new"), revoked(ANN), at=now))
        keep_boards(now=now)
        for key in running_boards(now):
            for user in (ANN, BOB, CID):
                assert find_place(key, user_id=user, around=2) == place_of(
                    key, user_id=user, around=2
                )
    assert not BoardChange.objects.exists()


def test_pages_go_on_where_the_last_one_ended() -> None:
    users = volumes(1, 2, 3, 3, 3)
    first = page_of(ALL, after=None, limit=2)
    second = page_of(ALL, after=first[-1], limit=9)
    assert [entry.user_id for entry in first + second] == [users[n] for n in (2, 3, 4, 1, 0)]
    assert [entry.rank for entry in first + second] == [1, 2, 3, 4, 5]
    assert page_of(ALL, after=second[-1], limit=2) == []


def test_a_level_board_of_a_day_shows_what_was_reached_in_it_and_all_time_what_is_held() -> None:
    old, new, request = uuid7(), uuid7(), uuid7()
    record(told(*unlocked(ANN, old), at=NOON - timedelta(days=1)))
    record(told(initiated(ANN, request, old), *completed(ANN, request, old, new, level=2), at=NOON))
    scores = Standing.objects.filter(board="level").values_list("period", "start__day", "minus")
    assert sorted(scores) == [
        ("all", 1, -2), ("day", 3, -1), ("day", 4, -2), ("month", 1, -2), ("week", 2, -2),
    ]  # fmt: skip


def test_a_member_whose_score_went_down_to_nothing_leaves_the_board() -> None:
    (ann,) = volumes(5)
    keep_boards(now=timezone.now())
    record(told(traded(ann, "5", "0")))
    keep_boards(now=timezone.now())
    assert find_place(ALL, user_id=ann, around=1) == Place(None, 0, 0, [])
    assert place_of(ALL, user_id=ann, around=1) == Place(None, 0, 0, [])


@pytest.mark.parametrize("lost", ["everything", "the set", "the hash", "one member", "the keeper"])
def test_a_board_that_redis_lost_in_part_is_not_believed_and_made_anew(lost: str) -> None:
    ann, bob = volumes(5, 7)
    keep_boards(now=timezone.now())
    ranked, of = names_of(ALL)
    client = redis_client()
    {
        "everything": client.flushdb,
        "the set": lambda: client.delete(ranked),
        "the hash": lambda: client.delete(of),
        "one member": lambda: client.zpopmin(ranked),
        "the keeper": lambda: client.delete(board_cache.ALIVE),
    }[lost]()
    record(told(traded(ann, "5", "6")))  # told to a Redis that has nothing to add it to
    assert find_place(ALL, user_id=bob, around=1) is find_place(ALL, user_id=ann, around=1) is None
    keep_boards(now=timezone.now())
    assert ranks(find_place(ALL, user_id=bob, around=1)) == [(1, bob, 700), (2, ann, 600)]


def test_a_board_that_is_over_is_read_from_postgres() -> None:
    """An event may be counted after its day, of which Redis is not told any more."""
    record(told(traded(ANN, "0", "5"), at=NOON))
    day = BoardKey("volume", "day", NOON.date())
    keep_boards(now=NOON)
    record(told(traded(ANN, "5", "7"), at=NOON))
    tomorrow = NOON + timedelta(days=1)
    keep_boards(now=tomorrow)
    assert look_up(day, user_id=ANN, around=0, now=tomorrow).score == 700


def test_a_board_that_another_clock_began_is_told_too() -> None:
    midnight = NOON.replace(hour=0) + timedelta(days=1)
    record(told(traded(ANN, "0", "5"), at=midnight))
    keep_boards(now=midnight)
    record(told(traded(ANN, "5", "7"), at=midnight))
    keep_boards(now=midnight - timedelta(seconds=3))
    day = BoardKey("volume", "day", midnight.date())
    assert ranks(find_place(day, user_id=ANN, around=0)) == [(1, ANN, 700)]


def test_a_board_of_an_older_making_is_not_believed() -> None:
    (ann,) = volumes(5)
    keep_boards(now=timezone.now())
    rebuild_boards()
    assert find_place(ALL, user_id=ann, around=0) is None
    keep_boards(now=timezone.now())
    assert ranks(find_place(ALL, user_id=ann, around=0)) == [(1, ann, 500)]


def test_a_keeper_that_lost_the_lock_changes_nothing() -> None:
    (ann,) = volumes(5)
    keep_boards(now=timezone.now())
    stale = Keeper(redis_client(), "an old token")
    with keeper() as current:
        assert current is not None
        Standing.objects.filter(period="all").update(points=999)
        with pytest.raises(LostLock):
            stale.write(ALL, ALL.standings())
        with pytest.raises(LostLock):
            stale.put(ALL, suffix=":making", number=1)
        assert keep_boards(now=timezone.now()) == 0, "somebody else is at it"
    assert ranks(find_place(ALL, user_id=ann, around=0)) == [(1, ann, 500)]
    assert redis_client().get(LOCK) is None


@pytest.mark.django_db(transaction=True)
def test_a_change_while_redis_is_told_is_told_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (ann,) = volumes(5)
    keep_boards(now=timezone.now())
    record(told(traded(ann, "5", "6")))
    tell = keeping._write

    def told_and_overtaken(*arguments) -> None:
        tell(*arguments)
        monkeypatch.setattr(keeping, "_write", tell)
        record(told(traded(ann, "6", "7")))

    monkeypatch.setattr(keeping, "_write", told_and_overtaken)
    monkeypatch.setattr(keeping, "CHUNKS_A_TURN", 1)
    keep_boards(now=timezone.now())
    assert BoardChange.objects.count() == 1, "what came meanwhile is still to be told"
    keep_boards(now=timezone.now())
    assert ranks(find_place(ALL, user_id=ann, around=0)) == [(1, ann, 700)]


def kept_metric() -> float | None:
    registry = CollectorRegistry()
    registry.register(BoardsCollector())
    return registry.get_sample_value("aiw3_boards_kept")


def test_whether_the_boards_are_kept_can_be_watched() -> None:
    volumes(5)
    redis_client().delete(ALIVE)
    assert kept_metric() == 0
    keep_boards(now=timezone.now())
    assert kept_metric() == 1


@pytest.fixture
def _without_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    redis_client.cache_clear()
    yield
    redis_client.cache_clear()
    breaker.reset()


@pytest.mark.usefixtures("_without_redis")
def test_without_redis_events_count_and_postgres_ranks() -> None:
    ann, bob = volumes(5, 7)
    assert find_place(ALL, user_id=ann, around=1) is None
    assert kept_metric() == 0
    assert ranks(place_of(ALL, user_id=ann, around=1)) == [(1, bob, 700), (2, ann, 500)]


def test_counters_are_what_they_should_be_whatever_redis_had() -> None:
    record(told(traded(ANN, "0", "1"), traded(ANN, "1", "2"), earned(ANN)))
    redis_client().set("nft:volume_changed:count", 77)
    write_counters()
    names = ("volume_changed", "badge_earned")
    assert [redis_client().get(f"nft:{name}:count") for name in names] == [b"2", b"1"]
    redis_client().flushdb()
    write_counters()
    assert redis_client().get("nft:volume_changed:count") == b"2"
