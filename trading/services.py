"""Recording trades: each counted once, however often and in whatever company it arrives.

Locks are always taken in the same order (users by wallet, trades by trade id, volumes by
user id), so concurrent batches wait for each other but never deadlock.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from accounts.services import get_or_create_users
from events.services import publish
from trading.events import VolumeMilestoneReached
from trading.intake import NewTrade, TradeResult, TradeStatus, fault_in
from trading.models import MilestoneReached, Trade, UserVolume, VolumeMilestone


@transaction.atomic
def record_trades(*, trades: Sequence[NewTrade], now: datetime, source: str) -> list[TradeResult]:
    """Record the new trades among `trades` and answer for each, in their order.

    A trade with a bad value is rejected alone, and so is a known id with another body
    (TRADE_ID_REUSED). `source` (at most 80 characters) says who delivered.
    """
    faults = [fault_in(trade, now=now) for trade in trades]
    wanted: dict[str, NewTrade] = {}
    for trade, fault in zip(trades, faults, strict=True):
        if fault is None:
            wanted.setdefault(trade.trade_id, trade)
    stored = Trade.objects.with_trade_ids(wanted)
    unseen = [wanted[trade_id] for trade_id in sorted(wanted.keys() - stored.keys())]
    written = _write(unseen, now=now, source=source)
    stored |= Trade.objects.with_trade_ids(written)
    fresh = {key: row for key, row in written.items() if stored[key].id == row.id}
    _add_to_volumes(fresh.values(), now=now)
    return _answers(trades, faults, stored=stored, fresh=fresh)


def _write(trades: Sequence[NewTrade], *, now: datetime, source: str) -> dict[str, Trade]:
    """Insert trades; a row that a concurrent batch wrote first stays as it is."""
    users = get_or_create_users(wallet_addresses={trade.wallet_address for trade in trades})
    rows = [
        Trade(
            trade_id=trade.trade_id,
            user=users[trade.wallet_address],
            volume_usd=trade.volume_usd,
            executed_at=trade.executed_at,
            received_at=now,
            source=source,
        )
        for trade in trades
    ]
    Trade.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.trade_id: row for row in rows}


def _answers(
    trades: Sequence[NewTrade],
    faults: Sequence[str | None],
    *,
    stored: Mapping[str, Trade],
    fresh: Mapping[str, Trade],
) -> list[TradeResult]:
    answers, unanswered = [], set(fresh)
    for trade, fault in zip(trades, faults, strict=True):
        status = TradeStatus.REJECTED
        if fault is None and not _is_same(trade, stored[trade.trade_id]):
            fault = "TRADE_ID_REUSED"
        elif fault is None:
            is_first = trade.trade_id in unanswered
            status = TradeStatus.RECORDED if is_first else TradeStatus.DUPLICATE
            unanswered.discard(trade.trade_id)
        answers.append(TradeResult(trade_id=trade.trade_id, status=status, error_code=fault))
    return answers


def _is_same(trade: NewTrade, row: Trade) -> bool:
    return (trade.wallet_address, trade.volume_usd, trade.executed_at) == (
        row.user.wallet_address,
        row.volume_usd,
        row.executed_at,
    )


def _add_to_volumes(trades: Iterable[Trade], *, now: datetime) -> None:
    volumes_of: dict[UUID, list[Decimal]] = defaultdict(list)
    for trade in trades:
        volumes_of[trade.user_id].append(trade.volume_usd)
    if not volumes_of:
        return
    newcomers = [UserVolume(user_id=user_id) for user_id in sorted(volumes_of)]
    UserVolume.objects.bulk_create(newcomers, ignore_conflicts=True)
    sums = UserVolume.objects.locked(volumes_of)
    before = {row.user_id: row.total for row in sums}
    for row in sums:
        row.total += sum(volumes_of[row.user_id])
        row.trades += len(volumes_of[row.user_id])
    UserVolume.objects.bulk_update(sums, ["total", "trades"])
    _tell_milestones(sums, before=before, now=now)


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
    for reached in passed:
        publish(
            VolumeMilestoneReached(
                user_id=reached.user_id,
                previous_volume=before[reached.user_id],
                current_volume=reached.volume,
                milestone=reached.milestone.amount,
                tier_unlocked=reached.milestone.tier_unlocked,
            )
        )
