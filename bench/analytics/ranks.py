"""My rank and my neighbours on a board of many: as the API looks them up, with and without Redis."""

import random
import time
from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.db import connection
from django.utils import timezone

from analytics.models.boards import BEGINNING
from analytics.services.board_cache import find_place, keeper, names_of
from analytics.services.boards import BoardKey, place_of, short_names
from analytics.services.keeping import keep_boards, make_board
from bench.measures import Measure, at_most, percentile
from bench.stand import BenchFailed
from core.redis import redis_client

BOARD = BoardKey("volume", "all", BEGINNING)
CALLS, CALLS_OF_POSTGRES = 2_000, 20
KEPT_EVERY = 100  # calls
AROUND = 2
FILLED_AT_ONCE = 50_000  # a statement has 30 s
# A hundred members share each score, so that ties matter.
FILL = """
WITH people AS (
    INSERT INTO accounts_user (id, password, is_superuser, is_staff, is_active, created_at,
        wallet_address)
    SELECT gen_random_uuid(), '!', false, false, true, now(), 'bench' || number
    FROM generate_series(%(first)s, %(last)s) AS number RETURNING id
)
INSERT INTO analytics_standing (board, period, start, user_id, points, position)
SELECT 'volume', 'all', DATE '1970-01-01', id, 1 + number %% greatest(1, %(members)s / 100), number
FROM (SELECT id, %(first)s - 1 + row_number() OVER () AS number FROM people) AS numbered
"""


def rank_measures(*, rounds: int, members: int) -> list[Measure]:
    """Raises BenchFailed when Redis and Postgres do not agree."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM analytics_standing")
        for first in range(1, members + 1, FILLED_AT_ONCE):
            last = min(members, first + FILLED_AT_ONCE - 1)
            cursor.execute(FILL, {"first": first, "last": last, "members": members})
        cursor.execute("ANALYZE analytics_standing, accounts_user")
        cursor.execute("SELECT user_id FROM analytics_standing ORDER BY random() LIMIT 500")
        users = [user_id for (user_id,) in cursor.fetchall()]
    making = [members / _seconds(_make) for _ in range(rounds)]
    keep_boards(now=timezone.now())
    own: list[list[float]] = []
    other: list[list[float]] = []
    for _ in range(rounds):
        own.append(_latencies(_by_redis, users, CALLS))
        other.append(_latencies(_by_postgres, users, CALLS_OF_POSTGRES))
    against = "the same out of Postgres, as while Redis is away"
    shares = (("p50", 0.5, None), ("p99", 0.99, at_most(10)))
    return [
        Measure("board_made_in_redis", "members/s", making),
        Measure("board_in_redis", "bytes/member", [_bytes_in_redis() / members]),
        *(
            Measure(
                f"rank_and_neighbours_{name}", "ms",
                [percentile(values, share) for values in own],
                [percentile(values, share) for values in other],
                against, limit,
            )
            for name, share, limit in shares
        ),
    ]  # fmt: skip


def _make() -> None:
    with keeper() as found:
        if found is None:
            raise BenchFailed("Somebody else keeps the leaderboards.")
        make_board(found, BOARD)


def _bytes_in_redis() -> float:
    client = redis_client()
    return float(sum(client.memory_usage(name) or 0 for name in names_of(BOARD)))


def _by_redis(user_id: UUID) -> None:
    place = find_place(BOARD, user_id=user_id, around=AROUND)
    if place is None or place.rank is None:
        raise BenchFailed("Redis did not know a member.")
    short_names(entry.user_id for entry in place.entries)


def _by_postgres(user_id: UUID) -> None:
    place = place_of(BOARD, user_id=user_id, around=AROUND)
    short_names(entry.user_id for entry in place.entries)


def _latencies(look: Callable[[UUID], None], users: list[UUID], count: int) -> list[float]:
    found = []
    for number in range(count):
        if number % KEPT_EVERY == 0:
            keep_boards(now=timezone.now())  # as beat does, so that Redis is believed
        found.append(_seconds(partial(look, random.choice(users))) * 1000)  # noqa: S311
    return found


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
