"""Passing a milestone is told once, whatever the size and order of the batches."""

from itertools import permutations

import pytest

from accounts.models import User
from tests.trading.parts import MILESTONES, make_trade, milestones_told, new_wallet, record
from trading.models import MilestoneReached, VolumeMilestone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("milestones")]


def user_id_of(wallet: str):
    return User.objects.get(wallet_address=wallet).id


def test_the_five_milestones_exist() -> None:
    assert tuple(int(row.amount) for row in VolumeMilestone.objects.all()) == MILESTONES


def test_a_milestone_is_reached_exactly_at_its_amount() -> None:
    wallet = new_wallet()
    record(make_trade("t-1", wallet, "99999.99999999"))
    assert milestones_told(user_id_of(wallet)) == []
    record(make_trade("t-2", wallet, "0.00000001"))
    record(make_trade("t-3", wallet, "1"))
    (told,) = milestones_told(user_id_of(wallet))
    assert told == {
        "previousVolume": "99999.99999999",
        "currentVolume": "100000.00000000",
        "milestone": "100000",
        "tierUnlocked": None,
    }


def test_a_leap_over_several_milestones_tells_each_in_order() -> None:
    VolumeMilestone.objects.filter(amount=500_000).update(tier_unlocked=3)
    wallet = new_wallet()
    record(make_trade("t-1", wallet, "600000"))
    told = milestones_told(user_id_of(wallet))
    assert [data["milestone"] for data in told] == ["100000", "250000", "500000"]
    assert [data["tierUnlocked"] for data in told] == [None, None, 3]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_each_milestone_is_told_once_in_any_order(order: tuple[int, ...]) -> None:
    wallet = new_wallet()
    trades = [
        make_trade("a", wallet, "60000"),
        make_trade("b", wallet, "90000"),
        make_trade("c", wallet, "120000"),
    ]
    for index in order:
        record(trades[index])
        record(trades[index])
    told = milestones_told(user_id_of(wallet))
    assert [data["milestone"] for data in told] == ["100000", "250000"]
    assert MilestoneReached.objects.filter(user_id=user_id_of(wallet)).count() == 2


def test_the_milestones_of_one_user_are_not_told_to_another() -> None:
    anna, ben = new_wallet(), new_wallet()
    record(make_trade("a", anna, "100000"), make_trade("b", ben, "1"))
    assert len(milestones_told(user_id_of(anna))) == 1
    assert milestones_told(user_id_of(ben)) == []


def test_a_milestone_added_later_is_told_with_the_next_trade() -> None:
    wallet = new_wallet()
    record(make_trade("a", wallet, "60000"))
    VolumeMilestone.objects.create(amount=50_000)
    record(make_trade("b", wallet, "1"))
    assert [data["milestone"] for data in milestones_told(user_id_of(wallet))] == ["50000"]
