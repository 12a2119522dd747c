"""Badges by rules: who meets them, when they are looked at, and that nobody gets one twice."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from badges.models import BadgeDefinition, EarnedBadge
from badges.services import award_badge, revoke_badge
from nft.models import AwardRule, NftStatus, Tier
from nft.services.awarding import award_by_rules, sweep_rules
from nft.services.meeting import people_who_meet
from tests.nft.conftest import make_nft, make_user
from tests.nft.earners import DAY, NOW, define, held, rule, settle, told, trade
from tests.nft.test_admin import operator, page
from tests.together import run_together

__all__ = ["operator"]  # a fixture


def meets(row: AwardRule, user: User, now: datetime = NOW) -> bool:
    return people_who_meet(row, now=now, among=[user.id]).exists()


trades = st.lists(st.tuples(st.integers(-10, 0), st.integers(1, 50)), max_size=7)
edges = st.none() | st.integers(-10, 1).map(lambda day: NOW + day * DAY)


def is_rule(asked: dict[str, Any]) -> bool:
    """One that the database and the form take."""
    start, end = asked["opens_at"], asked["closes_at"]
    return (
        (asked["trades_within_days"] is None or asked["trades_at_least"] is not None)
        and (not start or not end or start < end)
        and any(asked.values())
    )


fields: dict[str, st.SearchStrategy[Any]] = {
    "volume_at_least": st.none() | st.integers(1, 120),
    "trades_at_least": st.none() | st.integers(1, 4),
    "trades_within_days": st.none() | st.integers(1, 4),
    "opens_at": edges,
    "closes_at": edges,
}
rules = st.fixed_dictionaries(fields).filter(is_rule)


def naive(asked: dict[str, Any], made: list[tuple[int, int]]) -> bool:
    """The rule once more, from the list of (day, volume)."""
    start, end = asked["opens_at"], asked["closes_at"]
    inside = sorted(
        (NOW + day * DAY, volume)
        for day, volume in made
        if (not start or start <= NOW + day * DAY) and (not end or NOW + day * DAY < end)
    )
    count = asked["trades_at_least"]
    period = (asked["trades_within_days"] or 1000) * DAY
    times = [at for at, _ in inside]
    if not asked["volume_at_least"] and not count:
        is_open = (not start or start <= NOW) and (not end or end > NOW)
        return bool(inside) and is_open
    often = count is None or any(
        sum(1 for at in times if first <= at <= first + period) >= count for first in times
    )
    return often and sum(volume for _, volume in inside) >= (asked["volume_at_least"] or 0)


@pytest.mark.django_db
@given(asked=rules, made=trades)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_who_meets_a_rule_agrees_with_a_naive_recount(
    asked: dict[str, Any], made: list[tuple[int, int]]
) -> None:
    with transaction.atomic():
        user = make_user()
        for day, volume in made:
            trade(user, volume, NOW + day * DAY)
        assert meets(rule("b", **asked), user) == naive(asked, made)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_corrected_trade_counts_as_it_was_corrected() -> None:
    user, row = make_user(), rule("b", trades_at_least=2, trades_within_days=1)
    first = trade(user, 10)
    trade(user, 10, NOW - DAY)
    assert meets(row, user)
    trade(user, 10, NOW - 9 * DAY, corrects=first)
    assert not meets(row, user)


@pytest.mark.django_db
def test_other_badges_are_needed_all_of_them_and_not_revoked() -> None:
    user, row = make_user(), rule("c", badges=("a", "b"))
    award_badge(user=user, slug="a", now=NOW, source="test")
    assert not meets(row, user)
    second = award_badge(user=user, slug="b", now=NOW, source="test")
    assert meets(row, user)
    revoke_badge(badge_id=second.id, reason="fraud", now=NOW)
    assert not meets(row, user)


@pytest.mark.django_db
def test_a_rule_that_asks_for_nothing_awards_nobody() -> None:
    user, row = make_user(), rule("c", badges=("a",))
    trade(user, 1)
    row.badges.clear()
    assert not meets(row, user)


@pytest.mark.parametrize(
    ("level", "status", "minted", "burned", "since", "expected"),
    [
        (2, "active", 10, None, None, True),
        (3, "upgrading", 10, None, None, True),
        (1, "active", 10, None, None, False),
        (2, "active", 9, None, None, False),
        (2, "burned", 30, 20, None, True),  # it was held long enough, whoever looked when
        (2, "burned", 30, 21, None, False),
        (2, "active", 30, None, 9, False),  # it came from another member
        (2, "transferred", 30, None, None, False),
    ],
)
def test_owning_a_tier_counts_from_when_it_came_to_its_member(
    tiers: list[Tier], user: User, level: int, status: str, minted: int,
    burned: int | None, since: int | None, expected: bool,
) -> None:  # fmt: skip
    nft = make_nft(user, level, status=status)
    nft.minted_at = NOW - minted * DAY
    nft.burned_at = None if burned is None else NOW - burned * DAY
    nft.held_since = None if since is None else NOW - since * DAY
    nft.save()
    days = 11 if status == NftStatus.BURNED and not expected else 10
    assert meets(rule("b", tier_level=2, tier_days=days), user) == expected


@pytest.mark.django_db
def test_the_clock_awards_what_no_event_tells_of(tiers: list[Tier], user: User) -> None:
    rule("veteran", tier_level=1, tier_days=30)
    nft = make_nft(user, 1)
    nft.minted_at = NOW - 30 * DAY
    nft.save()
    sweep_rules(now=NOW - timedelta(seconds=1))
    assert held(user) == set()
    assert sweep_rules(now=NOW) == 1
    assert sweep_rules(now=NOW) == 0
    assert held(user) == {"veteran"}


@pytest.mark.django_db
def test_a_new_rule_and_a_changed_one_reach_those_who_were_there_before(user: User) -> None:
    trade(user, 100)
    row = rule("whale", volume_at_least=200)
    assert sweep_rules(now=NOW + 20 * 365 * DAY) == 0
    row.volume_at_least = Decimal(100)
    row.save()
    AwardRule.objects.update(swept_at=row.changed_at - DAY)
    assert sweep_rules(now=row.changed_at) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("off", ["rule", "badge"])
def test_what_is_switched_off_awards_nothing(user: User, off: str) -> None:
    row = rule("whale", volume_at_least=1)
    (AwardRule if off == "rule" else BadgeDefinition).objects.update(is_active=False)
    trade(user, 100)
    assert award_by_rules(user_ids=[user.id], now=NOW) == sweep_rules(now=NOW) == 0
    assert AwardRule.objects.get(id=row.id).swept_at is None


@pytest.mark.django_db
def test_a_revoked_badge_is_not_awarded_again(user: User) -> None:
    rule("whale", volume_at_least=1)
    trade(user, 100)
    award_by_rules(user_ids=[user.id], now=NOW)
    revoke_badge(badge_id=EarnedBadge.objects.get().id, reason="fraud", now=NOW)
    assert award_by_rules(user_ids=[user.id], now=NOW) == 0


@pytest.mark.django_db(transaction=True)
def test_events_award_at_once_and_one_badge_leads_to_the_next() -> None:
    user, other = make_user(), make_user()
    rule("trader", trades_at_least=2)
    rule("whale", badges=("trader",), volume_at_least=100)
    rule("legend", badges=("whale",))
    trade(user, 60)
    trade(other, 1000)
    settle()
    assert held(user) == held(other) == set()
    trade(user, 60)
    settle()
    assert held(user) == {"trader", "whale", "legend"}
    assert held(other) == set()
    history = EarnedBadge.objects.get(definition__slug="whale").history.get()
    assert history.reason.startswith("awarded by rule ")
    assert told(user.id) == []  # there are no tiers


@pytest.mark.django_db(transaction=True)
def test_many_at_once_award_once() -> None:
    users = [make_user() for _ in range(3)]
    for slug in ("a", "b", "c"):
        rule(slug, volume_at_least=1)
    for user in users:
        trade(user, 5)
    calls = [
        partial(award_by_rules, user_ids=[user.id for user in users][:: 1 - 2 * (n % 2)], now=NOW)
        for n in range(4)
    ] + [partial(sweep_rules, now=NOW)] * 2
    results = run_together(calls)
    assert sum(results) == 9
    assert EarnedBadge.objects.count() == 9


def form_of(badge: str, **fields: object) -> dict[str, object]:
    own = {"badge": define(badge)[0].pk, "is_active": "on", "reason": "a new rule"}
    return own | fields


def test_an_operator_adds_a_rule(operator: Client) -> None:
    form = form_of("whale", volume_at_least="250000", badges=[define("a")[0].pk])
    assert operator.post(page(AwardRule, "add"), form).status_code == 302
    row = AwardRule.objects.get()
    assert (row.badge.slug, row.volume_at_least) == ("whale", Decimal(250_000))
    assert [badge.slug for badge in row.badges.all()] == ["a"]


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({}, "Fill in what it takes"),
        ({"volume_at_least": "-1"}, "rule_volume_positive"),
        ({"volume_at_least": "NaN"}, "Enter a number"),
        ({"trades_at_least": "0"}, "rule_trades_from_one"),
        ({"volume_at_least": "1", "trades_within_days": "3"}, "rule_period_is_of_trades"),
        ({"tier_level": "1"}, "rule_tier_has_days"),
        ({"opens_at_0": "2026-02-02", "opens_at_1": "00:00", "closes_at_0": "2026-02-01",
          "closes_at_1": "00:00"}, "rule_opens_before_it_closes"),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(
    operator: Client, fields: dict[str, object], what: str
) -> None:
    response = operator.post(page(AwardRule, "add"), form_of("whale", **fields))
    assert what in response.content.decode()
    assert not AwardRule.objects.exists()


def test_circular_rules_are_refused(operator: Client) -> None:
    rule("b", badges=("a",))
    rule("c", badges=("b",))
    form = form_of("a", badges=[define("c")[0].pk])
    response = operator.post(page(AwardRule, "add"), form)
    assert "Nobody could earn these" in response.content.decode()
    assert AwardRule.objects.count() == 2
    own = form_of("a", badges=[define("a")[0].pk])
    assert operator.post(page(AwardRule, "add"), own).status_code == 200


def test_a_rule_that_is_edited_does_not_stand_in_its_own_way(operator: Client) -> None:
    rule("b", badges=("a",))
    row = rule("a", badges=("c",))
    form = form_of("a", volume_at_least="1")
    assert operator.post(page(AwardRule, "change", row.pk), form).status_code == 302
    assert not row.badges.exists()


def test_a_circle_through_a_tier_is_refused_from_both_sides(
    operator: Client, tiers: list[Tier]
) -> None:
    form = form_of("first-steps", tier_level="2", tier_days="5")
    response = operator.post(page(AwardRule, "add"), form)
    assert "Nobody could earn these" in response.content.decode()
    rule("veteran", tier_level=1, tier_days=5)
    from tests.nft.test_admin import tier_form

    edit = tier_form(tiers[0], required_badges=[define("veteran")[0].pk])
    response = operator.post(page(Tier, "change", tiers[0].pk), edit)
    assert "Nobody could earn these" in response.content.decode()
    counted = operator.post(page(Tier, "change", tiers[0].pk), edit | {"badges_needed": "1"})
    assert "Nobody could earn these" in counted.content.decode()  # one of one is all of them
    either = edit | {"required_badges": [define("veteran")[0].pk, define("x")[0].pk]}
    either["badges_needed"] = "1"  # the other one leads there
    assert operator.post(page(Tier, "change", tiers[0].pk), either).status_code == 302


@pytest.mark.django_db
def test_the_database_refuses_a_period_without_trades() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        rule("b", trades_within_days=3)
