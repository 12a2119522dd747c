"""Each trade counts once, exactly, whatever it comes with."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.trading.parts import BEFORE, NOW, make_trade, new_wallet, outcomes, record, volume_of
from trading.models import Trade, UserVolume

pytestmark = pytest.mark.django_db

RECORDED = ("recorded", None)
DUPLICATE = ("duplicate", None)
REUSED = ("rejected", "TRADE_ID_REUSED")


def test_trades_of_unknown_wallets_are_recorded_in_order() -> None:
    anna, ben = new_wallet(), new_wallet()
    results = record(
        make_trade("t-2", anna, "0.00000001"),
        make_trade("t-1", ben, "999999999999.99999999"),
        make_trade("t-3", anna, "5"),
    )
    assert [result.trade_id for result in results] == ["t-2", "t-1", "t-3"]
    assert outcomes(results) == [RECORDED] * 3
    assert volume_of(anna) == Decimal("5.00000001")
    assert volume_of(ben) == Decimal("999999999999.99999999")
    trade = Trade.objects.get(trade_id="t-3")
    assert (trade.executed_at, trade.received_at, trade.source) == (BEFORE, NOW, "test")


def test_a_new_user_of_a_trade_has_no_password() -> None:
    wallet = new_wallet()
    record(make_trade("t-1", wallet))
    assert not User.objects.get(wallet_address=wallet).has_usable_password()


def test_a_trade_sent_again_is_a_duplicate() -> None:
    wallet = new_wallet()
    record(make_trade("t-1", wallet, "7.5"))
    results = record(make_trade("t-1", wallet, "7.50000000"), make_trade("t-2", wallet, "1"))
    assert outcomes(results) == [DUPLICATE, RECORDED]
    assert volume_of(wallet) == Decimal("8.5")
    assert UserVolume.objects.get(user__wallet_address=wallet).trades == 2


def test_a_trade_twice_in_one_batch_counts_once() -> None:
    wallet = new_wallet()
    trade = make_trade("t-1", wallet, "7")
    assert outcomes(record(trade, trade, trade)) == [RECORDED, DUPLICATE, DUPLICATE]
    assert volume_of(wallet) == 7


@pytest.mark.parametrize("changed", ["volume", "wallet", "time"])
@pytest.mark.parametrize("is_same_batch", [True, False])
def test_a_trade_id_with_another_body_is_rejected(changed: str, is_same_batch: bool) -> None:
    wallet, other = new_wallet(), new_wallet()
    first = make_trade("t-1", wallet, "7")
    second = {
        "volume": make_trade("t-1", wallet, "8"),
        "wallet": make_trade("t-1", other, "7"),
        "time": make_trade("t-1", wallet, "7", BEFORE - timedelta(microseconds=1)),
    }[changed]
    if is_same_batch:
        assert outcomes(record(first, second, first)) == [RECORDED, REUSED, DUPLICATE]
    else:
        record(first)
        assert outcomes(record(second)) == [REUSED]
    assert volume_of(wallet) == 7
    assert not User.objects.filter(wallet_address=other).exists()


@pytest.mark.parametrize(
    ("volume", "wallet", "trade_id", "ahead_s", "error_code"),
    [
        ("0", None, "t-1", 0, "INVALID_VOLUME"),
        ("-1", None, "t-1", 0, "INVALID_VOLUME"),
        ("NaN", None, "t-1", 0, "INVALID_VOLUME"),
        ("sNaN", None, "t-1", 0, "INVALID_VOLUME"),
        ("Infinity", None, "t-1", 0, "INVALID_VOLUME"),
        ("0.000000001", None, "t-1", 0, "INVALID_VOLUME"),
        ("1000000000000", None, "t-1", 0, "INVALID_VOLUME"),
        ("1", "not-a-wallet", "t-1", 0, "INVALID_WALLET"),
        ("1", "", "t-1", 0, "INVALID_WALLET"),
        ("1", None, "", 0, "INVALID_TRADE_ID"),
        ("1", None, "t" * 101, 0, "INVALID_TRADE_ID"),
        ("1", None, "t\x00", 0, "INVALID_TRADE_ID"),
        ("1", None, "t-1", 31, "EXECUTED_IN_FUTURE"),
    ],
)
def test_a_bad_value_rejects_its_own_trade_only(
    volume: str, wallet: str | None, trade_id: str, ahead_s: int, error_code: str
) -> None:
    good_wallet, own_wallet = new_wallet(), new_wallet()
    executed_at = NOW + timedelta(seconds=ahead_s)
    bad = make_trade(trade_id, own_wallet if wallet is None else wallet, volume, executed_at)
    results = record(bad, make_trade("good", good_wallet, "3"))
    assert outcomes(results) == [("rejected", error_code), RECORDED]
    assert Trade.objects.count() == 1
    assert not User.objects.filter(wallet_address=own_wallet).exists()


def test_a_clock_a_little_ahead_of_ours_is_forgiven() -> None:
    trade = make_trade("t-1", new_wallet(), "1", NOW + timedelta(seconds=30))
    assert outcomes(record(trade)) == [RECORDED]


def test_a_rejected_trade_does_not_take_its_id() -> None:
    wallet = new_wallet()
    results = record(make_trade("t-1", wallet, "-5"), make_trade("t-1", wallet, "5"))
    assert outcomes(results) == [("rejected", "INVALID_VOLUME"), RECORDED]
    assert volume_of(wallet) == 5


def test_no_trades_are_no_work(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with transaction.atomic(), django_assert_num_queries(2):  # the savepoint
        assert record() == []


def test_five_hundred_trades_take_as_many_queries_as_two(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    wallets = [new_wallet() for _ in range(100)]
    trades = [make_trade(f"t-{n}", wallets[n % 100], "0.5") for n in range(500)]
    with django_assert_max_num_queries(16):
        record(*trades)
    with django_assert_max_num_queries(3):
        assert set(outcomes(record(*trades))) == {DUPLICATE}
    assert {volume_of(wallet) for wallet in wallets} == {Decimal("2.5")}


def test_the_database_refuses_a_trade_without_volume() -> None:
    record(make_trade("t-1", new_wallet()))
    with pytest.raises(IntegrityError), transaction.atomic():
        Trade.objects.update(volume_usd=0)


def test_someone_who_never_traded_has_no_volume() -> None:
    assert volume_of(new_wallet()) == 0
