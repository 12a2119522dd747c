"""The tables of the read model as sums: what a fact adds to each of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from analytics.models import Figure, JourneyKind
from analytics.services.merging import Column, Keep, Shape, Sums
from analytics.services.reading import Reading

_COUNT = Column("bigint", Keep.SUM)
_FIRST_TIME = Column("timestamptz", Keep.LEAST)

MEMBERS = Shape(
    "analytics_member_total",
    {"user_id": "uuid"},
    {
        "volume": Column("numeric", Keep.SUM),
        "badges_earned": _COUNT,
        "badges_activated": _COUNT,
        "badges_consumed": _COUNT,
        "badges_revoked": _COUNT,
        "first_at": _FIRST_TIME,
        "last_at": Column("timestamptz", Keep.GREATEST),
    },
)
JOURNEYS = Shape(
    "analytics_journey",
    {"id": "uuid"},
    {
        "kind": Column("text", Keep.GREATEST),
        "user_id": Column("uuid", Keep.GREATEST),
        "level": Column("integer", Keep.GREATEST),
        "started_at": _FIRST_TIME,
        "burned_at": _FIRST_TIME,
        "completed_at": _FIRST_TIME,
        "duration_ms": Column("bigint", Keep.GREATEST),
        "closed_at": _FIRST_TIME,
        "closed_as": Column("text", Keep.GREATEST),
    },
)
NFTS = Shape(
    "analytics_nft",
    {"id": "uuid"},
    {"level": Column("integer", Keep.GREATEST), "burned_at": _FIRST_TIME},
)
HOLDINGS = Shape(
    "analytics_holding",
    {"nft_id": "uuid", "user_id": "uuid"},
    {"turns": _COUNT, "position": Column("bigint", Keep.GREATEST)},
)
MINUTES = Shape(
    "analytics_type_minute", {"minute": "timestamptz", "type": "text"}, {"events": _COUNT}
)
DAYS = Shape(
    "analytics_daily",
    {"day": "date", "figure": "text", "key": "text"},
    {"value": Column("numeric", Keep.SUM)},
)

BADGE_COLUMNS = {
    "badge_earned": "badges_earned",
    "badge_activated": "badges_activated",
    "badge_consumed": "badges_consumed",
    "badge_revoked": "badges_revoked",
}
TURNS = frozenset({"nft_unlocked", "nft_upgraded", "nft_transferred"})
MINTED = frozenset({"nft_unlocked", "nft_upgraded"})
UPGRADE_STEPS = {
    "upgrade_initiated": "started_at",
    "burn_confirmed": "burned_at",
    "upgrade_completed": "completed_at",
    "upgrade_cancelled": "closed_at",
    "upgrade_expired": "closed_at",
}
UNLOCK_STEPS = {"nft_unlock_ordered": "started_at", "nft_unlocked": "completed_at"}


def member_sums(facts: Sequence[Reading]) -> Sums:
    sums = Sums(MEMBERS)
    for fact in facts:
        if fact.user_id is None:
            continue
        seen: dict[str, Any] = {"first_at": fact.at, "last_at": fact.at, "volume": fact.amount}
        if fact.type in BADGE_COLUMNS:
            seen[BADGE_COLUMNS[fact.type]] = 1
        sums.add(fact.user_id, values=seen)
    return sums


def journey_sums(facts: Sequence[Reading]) -> Sums:
    sums = Sums(JOURNEYS)
    for fact in facts:
        if fact.type in UPGRADE_STEPS and fact.request_id is not None:
            step, kind, key = UPGRADE_STEPS[fact.type], JourneyKind.UPGRADE, fact.request_id
        elif fact.type in UNLOCK_STEPS and fact.nft_id is not None:
            step, kind, key = UNLOCK_STEPS[fact.type], JourneyKind.UNLOCK, fact.nft_id
        else:
            continue
        end = fact.type if step == "closed_at" else None
        told = {"kind": kind.value, "user_id": fact.user_id, "level": fact.level}
        sums.add(
            key, values={**told, step: fact.at, "closed_as": end, "duration_ms": fact.duration_ms}
        )
    return sums


def nft_sums(facts: Sequence[Reading]) -> Sums:
    sums = Sums(NFTS)
    for fact in facts:
        if fact.nft_id is not None and fact.type in TURNS | {"nft_burned"}:
            level = fact.level if fact.type in MINTED else None
            end = fact.at if fact.type == "nft_burned" else None
            sums.add(fact.nft_id, values={"level": level, "burned_at": end})
    return sums


def holding_sums(facts: Sequence[Reading]) -> Sums:
    sums = Sums(HOLDINGS)
    for fact in facts:
        if fact.type in TURNS and fact.user_id is not None:
            sums.add(fact.nft_id, fact.user_id, values={"turns": 1, "position": fact.position})
    return sums


def minute_sums(facts: Sequence[Reading]) -> Sums:
    sums = Sums(MINUTES)
    for fact in facts:
        sums.add(fact.at.replace(second=0, microsecond=0), fact.type, values={"events": 1})
    return sums


def day_sums(facts: Sequence[Reading]) -> Sums:
    sums = Sums(DAYS)
    for fact in facts:
        day = fact.at.date()
        sums.add(day, Figure.EVENTS.value, fact.type, values={"value": Decimal(1)})
        for figure, key in fact.figures:
            value = fact.amount if figure is Figure.VOLUME else Decimal(1)
            sums.add(day, figure.value, key, values={"value": value})
    return sums


def nft_ids(facts: Sequence[Reading]) -> list[UUID]:
    return sorted(nft_id for (nft_id,) in nft_sums(facts).rows)
