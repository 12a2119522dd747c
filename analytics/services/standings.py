"""What facts do to the leaderboards."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from analytics.models import Board, Period, period_start
from analytics.services.merging import Column, Keep, Shape, Sums
from analytics.services.reading import Reading
from analytics.services.tables import MINTED

CENTS = 100
STANDINGS = Shape(
    "analytics_standing",
    {"board": "text", "period": "text", "start": "date", "user_id": "uuid"},
    {"points": Column("numeric", Keep.SUM), "position": Column("bigint", Keep.GREATEST)},
)
# The higher level, and of two at the same one that which came first.
REACH = """
INSERT INTO analytics_standing AS t (board, period, start, user_id, points, position)
SELECT 'level', * FROM unnest(%s::text[], %s::date[], %s::uuid[], %s::numeric[], %s::bigint[])
ON CONFLICT (board, period, start, user_id) DO UPDATE SET
    points = greatest(t.points, excluded.points),
    position = CASE WHEN excluded.points > t.points THEN excluded.position
                    WHEN excluded.points = t.points THEN least(t.position, excluded.position)
                    ELSE t.position END
"""
# Who has, or had, one of these NFTs. Somebody else may be at another NFT of the same member:
# whoever comes second waits here, and then sees what the first one wrote.
LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('analytics level ' || user_id, 0))
FROM (SELECT DISTINCT user_id FROM analytics_holding WHERE nft_id = ANY(%s::uuid[])
      ORDER BY user_id) AS holders
"""
# Of these members: the highest level held, since when.
HOLD = """
INSERT INTO analytics_standing AS t (board, period, start, user_id, points, position)
SELECT 'level', 'all', DATE '1970-01-01', held.user_id, coalesce(max(held.level), 0),
    coalesce((array_agg(held.position ORDER BY held.level DESC, held.position)
              FILTER (WHERE held.level > 0))[1], 0)
FROM (
    SELECT mine.user_id, mine.position,
        CASE WHEN mine.turns %% 2 = 1 AND nft.burned_at IS NULL THEN nft.level END AS level
    FROM analytics_holding AS mine JOIN analytics_nft AS nft ON nft.id = mine.nft_id
    WHERE mine.user_id IN (SELECT user_id FROM analytics_holding WHERE nft_id = ANY(%s::uuid[]))
) AS held
GROUP BY held.user_id ORDER BY held.user_id
ON CONFLICT (board, period, start, user_id)
    DO UPDATE SET points = excluded.points, position = excluded.position
RETURNING user_id
"""
# An id of its own for each transaction: see BoardChange.
NOTE = """
INSERT INTO analytics_board_change AS t (board, user_id, stamp)
SELECT *, pg_current_xact_id()::text::bigint FROM unnest(%s::text[], %s::uuid[])
ON CONFLICT (board, user_id) DO UPDATE SET stamp = excluded.stamp
"""

_ADDS = {
    "volume_changed": (Board.VOLUME, 0),
    "badge_earned": (Board.BADGES, 1),
    "badge_revoked": (Board.BADGES, -1),
    "upgrade_completed": (Board.UPGRADES, 1),
}


def standing_sums(facts: Sequence[Reading]) -> Sums:
    sums = Sums(STANDINGS)
    for fact in facts:
        if fact.type not in _ADDS or fact.user_id is None:
            continue
        board, points = _ADDS[fact.type]
        change = fact.amount * CENTS if fact.amount is not None else Decimal(points)
        for period in Period:
            key = (board.value, period.value, period_start(period, fact.at), fact.user_id)
            sums.add(*key, values={"points": change, "position": fact.position})
    return sums


def reach_levels(facts: Sequence[Reading]) -> None:
    """The level boards of a day, week or month: the highest NFT that was minted in it."""
    best: dict[tuple[Any, ...], tuple[int, int]] = {}
    for fact in facts:
        if fact.type not in MINTED or fact.level is None:
            continue
        for period in (Period.DAY, Period.WEEK, Period.MONTH):
            key = (period.value, period_start(period, fact.at), fact.user_id)
            best[key] = max(best.get(key, (0, 0)), (fact.level, -fact.position))
    lines = [(*key, level, -position) for key, (level, position) in sorted(best.items())]
    if lines:
        with connection.cursor() as cursor:
            cursor.execute(REACH, [list(values) for values in zip(*lines, strict=True)])


def hold_levels(nft_ids: Sequence[UUID]) -> set[tuple[str, UUID]]:
    """The level board of all time, after these NFTs moved; whose standings it wrote."""
    if not nft_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [list(nft_ids)])
        cursor.execute(HOLD, [list(nft_ids)])
        return {(Board.LEVEL.value, user_id) for (user_id,) in cursor.fetchall()}


def note_changes(changed: set[tuple[str, UUID]]) -> None:
    """For whoever tells Redis."""
    if changed:
        boards, users = zip(*sorted(changed), strict=True)
        with connection.cursor() as cursor:
            cursor.execute(NOTE, [list(boards), list(users)])
