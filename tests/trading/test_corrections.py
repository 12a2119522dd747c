"""A correction is a new row that takes another one's place, once, whatever comes when."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from tests.together import run_together
from tests.trading.parts import (
    BEFORE,
    make_trade,
    milestones_told,
    new_wallet,
    outcomes,
    record,
    restore_milestones,
    volume_of,
)
from trading.models import Trade, UserVolume

RECORDED = ("recorded", None)


def rejected(code: str) -> tuple[str, str]:
    return ("rejected", code)


def trades_of(wallet: str) -> int:
    return UserVolume.objects.get(user__wallet_address=wallet).trades


@pytest.mark.django_db
def test_a_correction_takes_the_place_of_its_trade_and_changes_no_row() -> None:
    wallet = new_wallet()
    record(make_trade("t", wallet, "100"), make_trade("u", wallet, "1"))
    fix = make_trade("t-2", wallet, "40.5", BEFORE - timedelta(days=400), corrects="t")
    assert outcomes(record(fix)) == [RECORDED]
    assert outcomes(record(fix)) == [("duplicate", None)]
    assert (volume_of(wallet), trades_of(wallet)) == (Decimal("41.5"), 2)
    assert Trade.objects.get(trade_id="t").volume_usd == 100
    assert set(Trade.objects.in_force().values_list("trade_id", flat=True)) == {"t-2", "u"}


@pytest.mark.django_db
def test_a_correction_to_nothing_cancels_and_can_be_corrected_itself() -> None:
    wallet = new_wallet()
    record(make_trade("t", wallet, "100"), make_trade("t-2", wallet, "0", corrects="t"))
    assert (volume_of(wallet), trades_of(wallet)) == (Decimal(0), 0)
    record(make_trade("t-3", wallet, "7", corrects="t-2"))
    assert (volume_of(wallet), trades_of(wallet)) == (Decimal(7), 1)


@pytest.mark.django_db
def test_a_correction_may_stand_before_its_trade_in_a_batch() -> None:
    wallet = new_wallet()
    results = record(
        make_trade("c", wallet, "3", corrects="b"),
        make_trade("b", wallet, "2", corrects="a"),
        make_trade("a", wallet, "1"),
    )
    assert outcomes(results) == [RECORDED] * 3
    assert volume_of(wallet) == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("volume", "corrects", "code", "status"),
    [
        ("5", "nothing", "CORRECTED_TRADE_UNKNOWN", 409),
        ("5", "bad", "CORRECTED_TRADE_UNKNOWN", 409),  # corrects itself
        ("5", "\x00", "CORRECTED_TRADE_UNKNOWN", 409),
        ("5", "theirs", "WALLET_DIFFERS", 409),
        ("5", "fixed", "ALREADY_CORRECTED", 409),
        ("-5", "mine", "INVALID_VOLUME", 400),
        ("NaN", "mine", "INVALID_VOLUME", 400),
        ("0", None, "INVALID_VOLUME", 400),
    ],
)
def test_a_correction_that_cannot_be_is_rejected_alone(
    volume: str, corrects: str | None, code: str, status: int
) -> None:
    wallet = new_wallet()
    record(make_trade("theirs", new_wallet()), make_trade("mine", wallet))
    record(make_trade("fixed", wallet), make_trade("fix", wallet, "20", corrects="fixed"))
    results = record(
        make_trade("bad", wallet, volume, corrects=corrects), make_trade("good", wallet, "1")
    )
    assert outcomes(results) == [rejected(code), RECORDED]
    assert [result.code for result in results] == [status, 200]
    assert volume_of(wallet) == 31
    assert not Trade.objects.filter(trade_id="bad").exists()


@pytest.mark.django_db
def test_corrections_in_a_circle_are_rejected() -> None:
    wallet = new_wallet()
    results = record(
        make_trade("a", wallet, corrects="b"),
        make_trade("b", wallet, corrects="a"),
        make_trade("c", wallet, "4"),
    )
    assert outcomes(results) == [rejected("CORRECTED_TRADE_UNKNOWN")] * 2 + [RECORDED]


@pytest.mark.django_db
def test_a_known_trade_is_not_a_correction_afterwards() -> None:
    wallet = new_wallet()
    record(make_trade("t", wallet), make_trade("u", wallet))
    assert outcomes(record(make_trade("u", wallet, corrects="t"))) == [rejected("TRADE_ID_REUSED")]


@pytest.mark.django_db
def test_a_milestone_lost_to_a_correction_is_not_told_again() -> None:
    restore_milestones()
    wallet = new_wallet()
    record(make_trade("t", wallet, "100000"))
    record(make_trade("t-2", wallet, "1", corrects="t"))
    record(make_trade("t-3", wallet, "100000", corrects="t-2"))
    told = milestones_told(User.objects.get(wallet_address=wallet).id)
    assert [data["milestone"] for data in told] == ["100000"]


@pytest.mark.django_db
def test_the_database_allows_one_correction_a_trade() -> None:
    wallet = new_wallet()
    record(make_trade("t", wallet), make_trade("t-2", wallet, corrects="t"))
    row = Trade.objects.get(trade_id="t-2")
    row.pk, row.trade_id = None, "t-3"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


steps = st.lists(
    st.tuples(st.integers(0, 11), st.none() | st.integers(0, 11), st.integers(0, 9)), max_size=14
)


@pytest.mark.django_db
@given(batches=st.lists(steps, max_size=4))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_volume_is_always_the_sum_of_the_trades_in_force(
    batches: list[list[tuple[int, int | None, int]]],
) -> None:
    wallet = new_wallet()
    for batch in batches:
        record(*[
            make_trade(
                f"{wallet}{number}", wallet, str(volume),
                corrects=None if target is None else f"{wallet}{target}",
            )
            for number, target, volume in batch
        ])  # fmt: skip
    mine = Trade.objects.in_force().filter(user__wallet_address=wallet)
    assert volume_of(wallet) == (mine.aggregate(sum=Sum("volume_usd"))["sum"] or 0)
    if user := UserVolume.objects.filter(user__wallet_address=wallet).first():
        assert user.trades == mine.count()


@pytest.mark.django_db(transaction=True)
def test_rival_corrections_and_plain_batches_at_once_neither_deadlock_nor_count_twice() -> None:
    wallet = new_wallet()
    record(*[make_trade(f"t{n}", wallet, "10") for n in range(20)])
    fixes = [
        [make_trade(f"{rival}{n}", wallet, "3", corrects=f"t{n}") for n in range(20)]
        for rival in "xyz"
    ]
    news = [make_trade(f"x{n}", wallet, "3", corrects=f"t{n}") for n in range(20)]
    plain = [make_trade(f"p{n}", wallet, "1") for n in range(20)]
    batches = [*fixes, news[::-1], plain, plain[::-1], [*plain[:5], *news[5:]]]
    results = run_together([partial(record, *batch) for batch in batches])
    statuses = Counter(outcome for result in results for outcome in outcomes(result))
    assert statuses[RECORDED] == 40
    assert volume_of(wallet) == 20 * 3 + 20
