"""Corrections: a row that takes the place of another one, which stays as it was.

Each trade is corrected at most once; to correct again, correct the correction. So there is
one row in force whatever the order of arrival.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from trading.intake import NewTrade
from trading.models import Trade

TURN = 0x7472616465  # the advisory lock: “trade”
COUNTING = "set_config('trading.counting', 'on', true)"


def take_turn(*, alone: bool) -> None:
    """Until the transaction ends: plain batches together, one with corrections by itself.

    Corrections are written after what they correct, which is not the order in which plain
    batches lock trade ids; they are rare, so that they may wait. In the same round trip it says
    that volumes change because trades are counted: other changes of them are for the audit.
    """
    mode = "" if alone else "_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{mode}(%s), {COUNTING}", [TURN])


def waves(trades: Mapping[str, NewTrade]) -> Iterator[list[NewTrade]]:
    """The trades by id, parted so that each correction comes after what it corrects.

    Those that correct one another in a circle come last, together: what they correct is
    then still unknown.
    """
    left = dict(trades)
    while left:
        ready = [trade for trade in left.values() if trade.corrects not in left]
        wave = ready or list(left.values())
        for trade in wave:
            del left[trade.trade_id]
        yield wave


@dataclass
class Targets:
    """What a wave of corrections is about."""

    trades: Mapping[str, Trade] = field(default_factory=dict)
    taken: set[UUID] = field(default_factory=set)

    @classmethod
    def of(cls, wave: Sequence[NewTrade]) -> "Targets":
        wanted = {trade.corrects for trade in wave if trade.corrects is not None}
        if not wanted:
            return cls()
        corrections = Trade.objects.filter(corrects__trade_id__in=wanted)
        taken = set(corrections.values_list("corrects_id", flat=True))
        return cls(Trade.objects.with_trade_ids(wanted), {row for row in taken if row})

    def of_trade(self, trade: NewTrade) -> Trade | None:
        return None if trade.corrects is None else self.trades.get(trade.corrects)

    def refuse(self, trade: NewTrade) -> str | None:
        """The error code of a correction that cannot be; else its target is taken."""
        if trade.corrects is None:
            return None
        target = self.of_trade(trade)
        if target is None:
            return "CORRECTED_TRADE_UNKNOWN"
        if target.user.wallet_address != trade.wallet_address:
            return "WALLET_DIFFERS"
        if target.id in self.taken:
            return "ALREADY_CORRECTED"
        self.taken.add(target.id)
        return None
