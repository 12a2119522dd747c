"""Proving the leaderboards: made again from the facts, and from what the facts tell of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from analytics.models import Standing
from analytics.services import board_cache
from analytics.services.board_cache import next_edition
from analytics.services.boards import BoardKey, running_boards
from core.redis import try_redis

# The standings of every board, period and member as the facts have them.
FROM_FACTS = """
WITH counted AS (
    SELECT user_id, at, position, CASE type WHEN 'volume_changed' THEN 'volume'
            WHEN 'upgrade_completed' THEN 'upgrades' ELSE 'badges' END AS board,
        CASE type WHEN 'volume_changed' THEN amount * 100 WHEN 'badge_revoked' THEN -1 ELSE 1 END
            AS points
    FROM analytics_fact WHERE user_id IS NOT NULL
        AND type IN ('volume_changed', 'badge_earned', 'badge_revoked', 'upgrade_completed')
), sums AS (
    SELECT board, period, CASE period WHEN 'all' THEN DATE '1970-01-01'
            ELSE date_trunc(period, at AT TIME ZONE 'UTC')::date END AS start,
        user_id, sum(points) AS points, max(position) AS position
    FROM counted CROSS JOIN (VALUES ('day'), ('week'), ('month'), ('all')) AS p (period)
    GROUP BY board, 2, 3, user_id
), reached AS (
    SELECT DISTINCT ON (period, 3, user_id) 'level', period,
        date_trunc(period, at AT TIME ZONE 'UTC')::date, user_id, level::numeric, position
    FROM analytics_fact CROSS JOIN (VALUES ('day'), ('week'), ('month')) AS p (period)
    WHERE type IN ('nft_unlocked', 'nft_upgraded') AND user_id IS NOT NULL
    ORDER BY period, 3, user_id, level DESC, position
), nfts AS (
    SELECT nft_id, max(level) FILTER (WHERE type <> 'nft_burned') AS level,
        bool_or(type = 'nft_burned') AS burned
    FROM analytics_fact
    WHERE type IN ('nft_unlocked', 'nft_upgraded', 'nft_burned', 'nft_transferred') GROUP BY nft_id
), hands AS (
    SELECT nft_id, user_id, max(position) AS position, count(*) % 2 = 1 AS holds
    FROM analytics_fact WHERE user_id IS NOT NULL
        AND type IN ('nft_unlocked', 'nft_upgraded', 'nft_transferred')
    GROUP BY nft_id, user_id
), held AS (
    SELECT DISTINCT ON (user_id) 'level', 'all', DATE '1970-01-01', user_id,
        CASE WHEN holds AND NOT burned THEN coalesce(level, 0) ELSE 0 END::numeric AS points,
        CASE WHEN holds AND NOT burned AND level > 0 THEN position ELSE 0 END AS position
    FROM hands JOIN nfts USING (nft_id) ORDER BY user_id, points DESC, position
)
SELECT * FROM sums UNION ALL SELECT * FROM reached UNION ALL SELECT * FROM held
"""
COMPARE_WITH_FACTS = f"""
SELECT coalesce(own.board, made.board) AS board, coalesce(own.period, made.period) AS period,
    count(*) AS rows, count(*) FILTER (
        WHERE (own.points, own.position) IS DISTINCT FROM (made.points, made.position)) AS wrong
FROM analytics_standing AS own
FULL JOIN ({FROM_FACTS}) AS made (board, period, start, user_id, points, position)
    USING (board, period, start, user_id)
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - our own text
# What trades, NFTs, badges and upgrades say themselves, for the boards of all time.
FROM_SOURCES = """
SELECT 'volume' AS board, user_id, sum(volume_usd) * 100 AS points FROM trades
    WHERE id NOT IN (SELECT corrects_id FROM trades WHERE corrects_id IS NOT NULL) GROUP BY user_id
UNION ALL SELECT 'level', user_id, max(tier_level) FROM user_nfts
    WHERE status IN ('active', 'upgrading') GROUP BY user_id
UNION ALL SELECT 'badges', user_id, count(*) FROM earned_badges
    WHERE status <> 'revoked' GROUP BY user_id
UNION ALL SELECT 'upgrades', user_id, count(*) FROM upgrade_requests
    WHERE status = 'completed' GROUP BY user_id
"""
# Whoever has events that the group has not handled yet is left out: their standings are to come.
COMPARE_WITH_SOURCES = f"""
WITH moving AS (
    SELECT DISTINCT user_id FROM events_event WHERE user_id IS NOT NULL AND (position IS NULL
        OR position > coalesce((SELECT position FROM events_consumergroup
                                WHERE name = 'analytics'), 0))
    UNION SELECT e.user_id FROM events_deadletter AS d JOIN events_event AS e USING (event_id)
        WHERE d."group" = 'analytics' AND e.user_id IS NOT NULL
)
SELECT coalesce(own.board, source.board) AS board, 'all' AS period, count(*) AS rows,
    count(*) FILTER (WHERE coalesce(own.points, 0) <> coalesce(source.points, 0)) AS wrong
FROM (SELECT board, user_id, points FROM analytics_standing WHERE period = 'all') AS own
FULL JOIN ({FROM_SOURCES}) AS source USING (board, user_id)
WHERE coalesce(own.user_id, source.user_id) NOT IN (SELECT user_id FROM moving)
GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - our own text


@dataclass(frozen=True)
class Verdict:
    """Of one board and period: how many members were compared with `what`, how many differ."""

    what: str
    board: str
    period: str
    rows: int
    wrong: int


def verify_boards(*, now: datetime) -> list[Verdict]:
    """Everything at one moment of the database, while events come; then Redis."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = [
            *_verdicts("facts", COMPARE_WITH_FACTS),
            *_verdicts("sources", COMPARE_WITH_SOURCES),
        ]
    return found + [verdict for key in running_boards(now) if (verdict := _verify_redis(key))]


def _verdicts(what: str, statement: str) -> Iterator[Verdict]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        for row in cursor.fetchall():
            yield Verdict(what, *row)


def _verify_redis(key: BoardKey) -> Verdict | None:
    """None while Redis has no board that is believed."""
    shown = try_redis(lambda r: board_cache.everybody(r, key), otherwise=None)
    if shown is None:
        return None
    own = {row.user_id: (row.score, row.position) for row in key.standings()}
    wrong = sum(own.get(user) != shown.get(user) for user in own.keys() | shown.keys())
    return Verdict("redis", key.board, key.period, len(own), wrong)


def rebuild_boards() -> int:
    """The standings anew from the facts, in one step; how many. Redis makes its boards anew too.

    Readers of the log wait meanwhile: a fact and its standing are in one transaction.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE analytics_standing IN SHARE ROW EXCLUSIVE MODE")
        Standing.objects.all().delete()
        cursor.execute(
            "INSERT INTO analytics_standing (board, period, start, user_id, points, position)"
            + FROM_FACTS
        )
        count: int = cursor.rowcount
        next_edition()
    return count
