"""Recording trades: each counted once, however often and in whatever company it arrives.

Locks are always taken in the same order (users by wallet, trades by trade id, volumes by
user id), so concurrent batches wait for each other but never deadlock.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from uuid import UUID

from django.db import transaction

from accounts.services import get_or_create_users
from events.services import publish_all
from trading.corrections import Targets, take_turn, waves
from trading.events import VolumeChanged, VolumeMilestoneReached
from trading.intake import NewTrade, TradeResult, TradeStatus, fault_in
from trading.models import MilestoneReached, Trade, UserVolume, VolumeMilestone


@dataclass
class _Outcome:
    """What became of the trades of a batch, by trade id."""

    stored: dict[str, Trade]
    fresh: dict[str, Trade] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def record_trades(*, trades: Sequence[NewTrade], now: datetime, source: str) -> list[TradeResult]:
    """Record the new trades among `trades` and answer for each, in their order.

    A trade with a bad value is rejected alone, and so is a known id with another body
    (TRADE_ID_REUSED) and a correction of what cannot be corrected. `source` (at most 80
    characters) says who delivered.
    """
    faults = [fault_in(trade, now=now) for trade in trades]
    wanted: dict[str, NewTrade] = {}
    for trade, fault in zip(trades, faults, strict=True):
        if fault is None:
            wanted.setdefault(trade.trade_id, trade)
    outcome = _record(wanted, now=now, source=source)
    _add_to_volumes(outcome.fresh.values(), now=now)
    return _answers(trades, faults, outcome)


def _record(wanted: Mapping[str, NewTrade], *, now: datetime, source: str) -> _Outcome:
    has_corrections = any(trade.corrects for trade in wanted.values())
    if has_corrections:
        take_turn(alone=True)
    outcome = _Outcome(Trade.objects.with_trade_ids(wanted))
    unseen = {key: trade for key, trade in wanted.items() if key not in outcome.stored}
    if unseen and not has_corrections:
        take_turn(alone=False)
    for wave in waves(unseen):
        targets = Targets.of(wave)
        refused = {trade.trade_id: targets.refuse(trade) for trade in wave}
        outcome.refused |= {key: code for key, code in refused.items() if code}
        accepted = [trade for trade in wave if trade.trade_id not in outcome.refused]
        written = _write(accepted, targets, now=now, source=source)
        outcome.stored |= Trade.objects.with_trade_ids(written)
        outcome.fresh |= {k: row for k, row in written.items() if outcome.stored[k].id == row.id}
    return outcome


def _write(
    trades: Sequence[NewTrade], targets: Targets, *, now: datetime, source: str
) -> dict[str, Trade]:
    """Insert trades in id order; a row that a concurrent batch wrote first stays as it is."""
    users = get_or_create_users(wallet_addresses={trade.wallet_address for trade in trades})
    rows = [
        Trade(
            trade_id=trade.trade_id,
            user=users[trade.wallet_address],
            volume_usd=trade.volume_usd,
            executed_at=trade.executed_at,
            received_at=now,
            source=source,
            corrects=targets.of_trade(trade),
        )
        for trade in sorted(trades, key=attrgetter("trade_id"))
    ]
    Trade.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.trade_id: row for row in rows}


def _answers(
    trades: Sequence[NewTrade], faults: Sequence[str | None], outcome: _Outcome
) -> list[TradeResult]:
    answers, unanswered = [], set(outcome.fresh)
    for trade, fault in zip(trades, faults, strict=True):
        status = TradeStatus.REJECTED
        fault = fault or outcome.refused.get(trade.trade_id)
        if fault is None and not _is_same(trade, outcome.stored[trade.trade_id]):
            fault = "TRADE_ID_REUSED"
        elif fault is None:
            is_first = trade.trade_id in unanswered
            status = TradeStatus.RECORDED if is_first else TradeStatus.DUPLICATE
            unanswered.discard(trade.trade_id)
        answers.append(TradeResult(trade_id=trade.trade_id, status=status, error_code=fault))
    return answers


def _is_same(trade: NewTrade, row: Trade) -> bool:
    return (trade.wallet_address, trade.volume_usd, trade.executed_at, trade.corrects) == (
        row.user.wallet_address,
        row.volume_usd,
        row.executed_at,
        row.corrects.trade_id if row.corrects else None,
    )


def _add_to_volumes(trades: Iterable[Trade], *, now: datetime) -> None:
    fresh_of: dict[UUID, list[Trade]] = defaultdict(list)
    for trade in trades:
        fresh_of[trade.user_id].append(trade)
    if not fresh_of:
        return
    newcomers = [UserVolume(user_id=user_id) for user_id in sorted(fresh_of)]
    UserVolume.objects.bulk_create(newcomers, ignore_conflicts=True)
    sums = UserVolume.objects.locked(fresh_of)
    before = {row.user_id: row.total for row in sums}
    for row in sums:
        for trade in fresh_of[row.user_id]:
            row.total += trade.volume_usd - (trade.corrects.volume_usd if trade.corrects else 0)
            row.trades += _counts(trade) - _counts(trade.corrects)
    UserVolume.objects.bulk_update(sums, ["total", "trades"])
    _tell_volumes(sums, before=before)
    _tell_milestones(sums, before=before, now=now)


def _counts(trade: Trade | None) -> int:
    return int(trade is not None and trade.volume_usd > 0)


def _tell_volumes(sums: Sequence[UserVolume], *, before: Mapping[UUID, Decimal]) -> None:
    publish_all(
        VolumeChanged(
            user_id=row.user_id,
            previous_volume=before[row.user_id],
            current_volume=row.total,
            trades=row.trades,
        )
        for row in sums
    )


def _tell_milestones(
    sums: Sequence[UserVolume], *, before: Mapping[UUID, Decimal], now: datetime
) -> None:
    """The callers hold the locks on `sums`, so no milestone is told twice."""
    told = set(
        MilestoneReached.objects.filter(user_id__in=before).values_list("user_id", "milestone_id")
    )
    passed = [
        MilestoneReached(user_id=row.user_id, milestone=milestone, volume=row.total, reached_at=now)
        for milestone in VolumeMilestone.objects.order_by("amount")
        for row in sums
        if milestone.amount <= row.total and (row.user_id, milestone.id) not in told
    ]
    MilestoneReached.objects.bulk_create(passed)
    publish_all(
        VolumeMilestoneReached(
            user_id=reached.user_id,
            previous_volume=before[reached.user_id],
            current_volume=reached.volume,
            milestone=reached.milestone.amount,
            tier_unlocked=reached.milestone.tier_unlocked,
        )
        for reached in passed
    )
