"""Concurrent batches that overlap."""

import random
from collections import Counter
from functools import partial

import pytest
from django.db import connection, transaction

from accounts.models import User
from accounts.services import get_or_create_users
from core.ids import uuid7
from tests.together import run_together
from tests.trading.parts import (
    make_trade,
    milestones_told,
    new_wallet,
    outcomes,
    record,
    restore_milestones,
    volume_of,
)
from trading.models import Trade

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("are_known", [False, True])
def test_overlapping_batches_in_any_order_count_each_trade_once(are_known: bool) -> None:
    wallets = [new_wallet() for _ in range(12)]
    if are_known:  # otherwise the inserts of the users queue the batches up
        get_or_create_users(wallet_addresses=wallets)
    trades = [make_trade(str(uuid7()), wallets[n % 12], "2") for n in range(120)]
    shuffled = [random.sample(trades, k=len(trades)) for _ in range(8)]
    results = run_together([partial(record, *batch) for batch in shuffled])
    statuses = Counter(outcome for result in results for outcome in outcomes(result))
    assert statuses == {("recorded", None): 120, ("duplicate", None): 840}
    assert {volume_of(wallet) for wallet in wallets} == {20}


def test_two_bodies_for_one_id_at_once_record_one_of_them() -> None:
    wallet, other = new_wallet(), new_wallet()
    rivals = [make_trade("t-1", wallet, "7"), make_trade("t-1", other, "9")]
    results = run_together([partial(record, rivals[n % 2]) for n in range(6)])
    statuses = Counter(outcome for result in results for outcome in outcomes(result))
    assert statuses == {
        ("recorded", None): 1,
        ("duplicate", None): 2,
        ("rejected", "TRADE_ID_REUSED"): 3,
    }
    assert volume_of(wallet) + volume_of(other) == Trade.objects.get().volume_usd


def test_a_milestone_passed_by_concurrent_batches_is_told_once() -> None:
    restore_milestones()
    wallet = new_wallet()
    trades = [make_trade(f"t-{n}", wallet, "30000") for n in range(8)]
    run_together([partial(record, trade) for trade in trades])
    user = User.objects.get(wallet_address=wallet)
    assert [data["milestone"] for data in milestones_told(user.id)] == ["100000"]
    assert volume_of(wallet) == 240_000


def test_a_batch_that_dies_leaves_nothing_and_can_be_sent_again() -> None:
    restore_milestones()
    wallet = new_wallet()
    trade = make_trade("t-1", wallet, "150000")
    with transaction.atomic():
        record(trade)
        transaction.set_rollback(True)
    assert not User.objects.filter(wallet_address=wallet).exists()
    assert outcomes(record(trade)) == [("recorded", None)]
    assert volume_of(wallet) == 150_000


def test_a_trade_that_another_batch_rolls_back_is_recorded_by_the_one_that_waits() -> None:
    wallet = new_wallet()
    trade = make_trade("t-1", wallet, "5")

    def write_and_give_up() -> None:
        with transaction.atomic():
            record(trade)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.2)")
            transaction.set_rollback(True)

    results = run_together([write_and_give_up, write_and_give_up, partial(record, trade)])
    assert outcomes(results[-1]) == [("recorded", None)]
    assert volume_of(wallet) == 5


def test_large_batches_in_opposite_orders_do_not_deadlock() -> None:
    wallets = [new_wallet() for _ in range(300)]
    get_or_create_users(wallet_addresses=wallets)
    for _ in range(3):
        trades = [make_trade(str(uuid7()), wallets[n % 300]) for n in range(1000)]
        batches = [trades, trades[::-1]] * 2
        results = run_together([partial(record, *batch) for batch in batches])
        statuses = Counter(outcome for result in results for outcome in outcomes(result))
        assert statuses == {("recorded", None): 1000, ("duplicate", None): 3000}
