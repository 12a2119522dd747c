"""Whatever is sent in whatever batches, a volume is the sum of the distinct trades."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from tests.trading.parts import (
    MILESTONES,
    make_trade,
    milestones_told,
    new_wallet,
    record,
    restore_milestones,
    volume_of,
)
from trading.intake import NewTrade
from trading.models import UserVolume

WALLETS = [new_wallet() for _ in range(3)]
amounts = st.decimals("0.00000001", "900000", places=8)
trades = st.builds(
    lambda number, wallet, volume: make_trade(f"t-{number}", wallet, str(volume)),
    st.integers(0, 11),
    st.sampled_from(WALLETS),
    amounts,
)


class TestVolume(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(batches=st.lists(st.lists(trades, max_size=6), max_size=5))
    def test_volume_is_the_sum_of_the_distinct_trades(self, batches: list[list[NewTrade]]) -> None:
        restore_milestones()
        firsts: dict[str, NewTrade] = {}
        for batch in batches:
            for trade, result in zip(batch, record(*batch), strict=True):
                first = firsts.setdefault(trade.trade_id, trade)
                expected = "recorded" if first is trade else "duplicate"
                assert result.status == (expected if first == trade else "rejected")
        for wallet in WALLETS:
            self._check(wallet, [t for t in firsts.values() if t.wallet_address == wallet])

    def _check(self, wallet: str, distinct: list[NewTrade]) -> None:
        total = sum((trade.volume_usd for trade in distinct), Decimal(0))
        assert volume_of(wallet) == total
        if distinct:
            user = User.objects.get(wallet_address=wallet)
            assert UserVolume.objects.get(user=user).trades == len(distinct)
            told = [int(data["milestone"]) for data in milestones_told(user.id)]
            assert told == [amount for amount in MILESTONES if amount <= total]
