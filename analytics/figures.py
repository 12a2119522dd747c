"""The figures of the dashboards: each is the query that defines it, run as it is shown.

`%(start)s` and `%(end)s` are the first and the last day (UTC), both included.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class FigureQuery:
    """`bar` is the column that is drawn over the first one, for each value of `series` apart."""

    name: str
    title: str
    sql: str
    bar: str
    series: str = ""

    @property
    def shown(self) -> str:
        """As a person would type it: `:start` and `:end` are days."""
        plain = self.sql.replace("%(start)s", ":start").replace("%(end)s", ":end")
        return plain.replace("%%", "%")


@dataclass(frozen=True)
class Answer:
    query: FigureQuery
    columns: list[str]
    rows: list[tuple[Any, ...]]


def ask(query: FigureQuery, *, start: date, end: date) -> Answer:
    with connection.cursor() as cursor:
        cursor.execute(query.sql, {"start": start, "end": end})
        columns = [column.name for column in cursor.description or ()]
        return Answer(query, columns, cursor.fetchall())


def _daily(figure: str) -> str:
    return f"""SELECT key, sum(value)::bigint AS total
FROM analytics_daily
WHERE figure = '{figure}' AND day BETWEEN %(start)s AND %(end)s
GROUP BY key ORDER BY total DESC, key"""  # noqa: S608 - our own names


_LIVE = """SELECT minute, sum(events)::bigint AS events
FROM analytics_type_minute
WHERE minute > now() - INTERVAL '1 hour'
GROUP BY minute ORDER BY minute DESC"""
_LIVE_TYPES = """SELECT type, sum(events)::bigint AS events
FROM analytics_type_minute
WHERE minute > now() - INTERVAL '1 hour'
GROUP BY type ORDER BY events DESC, type"""
_FUNNEL = """SELECT step, coalesce(sum(value), 0)::bigint AS events
FROM (VALUES (1, 'qualified'), (2, 'unlocked'), (3, 'started'), (4, 'burned'), (5, 'completed'))
    AS steps (place, step)
LEFT JOIN analytics_daily ON figure = 'funnel' AND key = step
    AND day BETWEEN %(start)s AND %(end)s
GROUP BY place, step ORDER BY place"""
_TIERS = """SELECT key::integer AS level,
    coalesce(sum(value) FILTER (WHERE figure = 'tier_qualified'), 0)::bigint AS qualified,
    coalesce(sum(value) FILTER (WHERE figure = 'tier_unlocked'), 0)::bigint AS unlocked,
    coalesce(sum(value) FILTER (WHERE figure = 'tier_started'), 0)::bigint AS started,
    coalesce(sum(value) FILTER (WHERE figure = 'tier_completed'), 0)::bigint AS completed
FROM analytics_daily
WHERE figure LIKE 'tier\\_%%' AND day BETWEEN %(start)s AND %(end)s
GROUP BY key ORDER BY level"""
_BADGES = """SELECT key AS badge,
    coalesce(sum(value) FILTER (WHERE figure = 'badge_earned'), 0)::bigint AS earned,
    coalesce(sum(value) FILTER (WHERE figure = 'badge_activated'), 0)::bigint AS activated,
    coalesce(sum(value) FILTER (WHERE figure = 'badge_consumed'), 0)::bigint AS consumed,
    coalesce(sum(value) FILTER (WHERE figure = 'badge_revoked'), 0)::bigint AS revoked
FROM analytics_daily
WHERE figure LIKE 'badge\\_%%' AND day BETWEEN %(start)s AND %(end)s
GROUP BY key ORDER BY earned DESC, badge"""
_VOLUME = """SELECT day, value AS usd
FROM analytics_daily
WHERE figure = 'volume' AND day BETWEEN %(start)s AND %(end)s
ORDER BY day DESC"""
_HELD = """SELECT nft.level, count(*) AS held
FROM analytics_holding AS mine JOIN analytics_nft AS nft ON nft.id = mine.nft_id
WHERE mine.turns %% 2 = 1 AND nft.burned_at IS NULL
GROUP BY nft.level ORDER BY nft.level"""
_SUCCESS = """SELECT started_at::date AS day, count(*) AS started,
    count(completed_at) AS completed,
    count(*) FILTER (WHERE completed_at IS NULL AND closed_at IS NOT NULL) AS closed,
    round(100.0 * count(completed_at) / nullif(
        count(*) FILTER (WHERE completed_at IS NOT NULL OR closed_at IS NOT NULL), 0), 1)
        AS success_percent
FROM analytics_journey
WHERE kind = 'upgrade' AND started_at >= %(start)s AND started_at < %(end)s::date + 1
GROUP BY 1 ORDER BY 1 DESC"""
_LATENCY = """SELECT completed_at::date AS day, step, count(*) AS times,
    round(percentile_disc(0.50) WITHIN GROUP (ORDER BY took)::numeric, 2) AS p50_seconds,
    round(percentile_disc(0.95) WITHIN GROUP (ORDER BY took)::numeric, 2) AS p95_seconds,
    round(percentile_disc(0.99) WITHIN GROUP (ORDER BY took)::numeric, 2) AS p99_seconds
FROM analytics_journey CROSS JOIN LATERAL (VALUES
    ('1 start to proven burn', extract(epoch FROM burned_at - started_at)),
    ('2 proven burn to new NFT', extract(epoch FROM completed_at - burned_at)),
    ('3 start to new NFT', CASE kind WHEN 'upgrade' THEN extract(epoch FROM completed_at - started_at) END),
    ('4 unlock: order to NFT', CASE kind WHEN 'unlock' THEN extract(epoch FROM completed_at - started_at) END)
) AS steps (step, took)
WHERE completed_at >= %(start)s AND completed_at < %(end)s::date + 1 AND took IS NOT NULL
GROUP BY 1, 2 ORDER BY 1 DESC, 2"""
_MEMBERS = """SELECT first_at::date AS day, count(*) AS new_members
FROM analytics_member_total
WHERE first_at >= %(start)s AND first_at < %(end)s::date + 1
GROUP BY 1 ORDER BY 1 DESC"""

LIVE = (
    FigureQuery("live", "Events by minute, the last hour", _LIVE, "events"),
    FigureQuery("live-types", "Events by type, the last hour", _LIVE_TYPES, "events"),
)
HISTORY = (
    FigureQuery("funnel", "From qualifying to the next NFT", _FUNNEL, "events"),
    FigureQuery("tiers", "By tier", _TIERS, "completed"),
    FigureQuery("badges", "By badge", _BADGES, "earned"),
    FigureQuery("success", "Upgrades by the day of their start", _SUCCESS, "completed"),
    FigureQuery("failures", "Failures by reason", _daily("failure"), "total"),
    FigureQuery("latency", "How long steps take", _LATENCY, "p99_seconds", series="step"),
    FigureQuery("volume", "Traded volume by day", _VOLUME, "usd"),
    FigureQuery("members", "Members by the day of their first event", _MEMBERS, "new_members"),
    FigureQuery("held", "NFTs held now, by tier", _HELD, "held"),
    FigureQuery("events", "Events by type", _daily("events"), "total"),
)
FIGURES: Mapping[str, FigureQuery] = {figure.name: figure for figure in (*LIVE, *HISTORY)}
