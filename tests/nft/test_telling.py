"""`tier_qualification_changed`: once for each change, right under any company."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from badges.models import BadgeStatus, EarnedBadge
from badges.services import activate_badge, award_badge, revoke_badge
from core.errors import DomainError
from nft.models import QualificationRecord, Tier
from nft.services.seeding import seed_ladder
from nft.services.telling import judge_members, sweep_qualifications
from nft.services.tiers import offer_tier
from nft.services.unlocking import unlock_nft
from tests.nft.conftest import make_nft, make_user, qualify
from tests.nft.earners import NOW, define, settle, told, trade
from tests.together import run_together
from trading.models import Trade

NOTHING: dict[str, list[str]] = {"earned": [], "activated": [], "consumed": [], "revoked": []}


def judge(user: User) -> int:
    return judge_members(user_ids=[user.id], now=NOW)


def give(user: User, slug: str) -> EarnedBadge:
    return award_badge(user=user, slug=slug, now=NOW, source="test")


def activate(user: User, slug: str) -> None:
    badge = EarnedBadge.objects.get(user=user, definition__slug=slug)
    activate_badge(user=user, badge_id=badge.id, now=NOW)


def test_what_moved_it_is_told_once(tiers: list[Tier], user: User) -> None:
    trade(user, 99_999)
    judge(user)
    give(user, "first-steps")
    judge(user)
    activate(user, "first-steps")
    assert judge(user) == 0
    trade(user, 1)
    assert [judge(user), judge(user)] == [1, 0]
    assert told(user.id) == [
        {
            "previousQualifications": [],
            "currentQualifications": [1],
            "volumeChange": "100000.00000000",
            "badgeChanges": NOTHING | {"earned": ["first-steps"], "activated": ["first-steps"]},
            "moved": ["volume", "badges"],
        }
    ]


def test_a_correction_and_a_revocation_take_it_back(tiers: list[Tier], user: User) -> None:
    first = trade(user, 100_000)
    badge = give(user, "first-steps")
    activate(user, "first-steps")
    judge(user)
    trade(user, 5, corrects=first)
    judge(user)
    trade(user, 99_995)
    judge(user)
    revoke_badge(badge_id=badge.id, reason="fraud", now=NOW)
    judge(user)
    facts = [
        (fact["currentQualifications"], fact["volumeChange"], fact["moved"])
        for fact in told(user.id)
    ]
    assert facts == [
        ([1], "100000.00000000", ["volume", "badges"]),
        ([], "-99995.00000000", ["volume"]),
        ([1], "99995.00000000", ["volume"]),
        ([], "0.00000000", ["badges"]),
    ]
    assert told(user.id)[-1]["badgeChanges"] == NOTHING | {"revoked": ["first-steps"]}


def test_an_nft_opens_the_next_level(tiers: list[Tier], user: User) -> None:
    qualify(user, 2)
    judge(user)
    make_nft(user, 1)
    judge(user)
    assert [(fact["currentQualifications"], fact["moved"]) for fact in told(user.id)] == [
        ([2], ["volume", "badges", "nfts"])
    ]


def test_an_edited_tier_is_told_by_the_sweep(tiers: list[Tier], user: User) -> None:
    trade(user, 50_000)
    judge(user)
    Tier.objects.filter(level=1).update(required_volume=50_000)
    tiers[0].required_badges.clear()
    offer_tier(tier=tiers[0], author="test")
    assert sweep_qualifications(now=NOW) == 1
    assert sweep_qualifications(now=NOW) == 0
    [fact] = told(user.id)
    assert (fact["currentQualifications"], fact["moved"]) == ([1], ["volume", "tiers"])


def test_a_window_that_opens_and_closes_is_told_by_the_sweep(tiers: list[Tier], user: User) -> None:
    later = timedelta(hours=1)
    tiers[0].required_badges.clear()
    Tier.objects.filter(level=1).update(available_from=NOW + later, available_until=NOW + 2 * later)
    trade(user, 100_000)
    for hours in (0, 1, 2):
        sweep_qualifications(now=NOW + hours * later)
    assert [fact["currentQualifications"] for fact in told(user.id)] == [[1], []]


def test_one_judgement_of_many_costs_as_many_queries_as_one(
    tiers: list[Tier], django_assert_max_num_queries: Any
) -> None:
    users = [make_user() for _ in range(30)]
    for user in users:
        qualify(user, 1)
    with django_assert_max_num_queries(10):
        assert judge_members(user_ids=[user.id for user in users], now=NOW) == 30


@pytest.mark.django_db(transaction=True)
def test_the_group_tells_of_trades_badges_and_the_unlock() -> None:
    seed_ladder()
    user = make_user()
    trade(user, 250_000)
    give(user, "first-steps")
    settle()
    activate(user, "first-steps")
    settle()
    unlock_nft(user=user, tier_level=1, now=NOW, keep=lambda _: None)
    settle()
    assert [fact["currentQualifications"] for fact in told(user.id)] == [[1], []]
    assert told(user.id)[-1]["moved"] == ["badges", "nfts"]


SLUGS = ("first-steps", "steady-hand", "market-scholar")
amounts = st.sampled_from([1, 60_000, 100_000, 150_000, 250_000])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("trade"), amounts),
        st.tuples(st.just("correct"), st.sampled_from([0, 1, 100_000])),
        st.tuples(st.sampled_from(["award", "activate", "revoke"]), st.sampled_from(SLUGS)),
        st.tuples(st.just("tier"), amounts),
        st.tuples(st.just("nft"), st.integers(1, 2)),
        st.tuples(st.just("judge"), st.none()),
    ),
    max_size=14,
)


def correct(user: User, volume: int) -> None:
    last = Trade.objects.in_force().filter(user=user).order_by("id").last()
    if last is not None:
        trade(user, volume, corrects=last.trade_id)


def activate_if_earned(user: User, slug: str) -> None:
    if EarnedBadge.objects.status_by_slug(user.id).get(slug) == BadgeStatus.EARNED:
        activate(user, slug)


def revoke(user: User, slug: str) -> None:
    for badge in EarnedBadge.objects.filter(user=user, definition__slug=slug):
        revoke_badge(badge_id=badge.id, reason="test", now=NOW)


def edit_tier(user: User, volume: int) -> None:
    Tier.objects.filter(level=1).update(required_volume=volume)


def get_nft(user: User, level: int) -> None:
    if not user.nfts.exists():
        make_nft(user, level)


DO: dict[str, Callable[[User, Any], Any]] = {
    "trade": trade,
    "correct": correct,
    "award": give,
    "activate": activate_if_earned,
    "revoke": revoke,
    "tier": edit_tier,
    "nft": get_nft,
    "judge": lambda user, _: judge(user),
}


def levels_from_scratch(user: User) -> list[int]:
    """From the rows alone, in one breath."""
    volume = Trade.objects.in_force().filter(user=user).aggregate(s=Sum("volume_usd"))["s"] or 0
    active = set(
        EarnedBadge.objects.filter(user=user, status="activated").values_list(
            "definition__slug", flat=True
        )
    )
    owned = max([nft.tier_level for nft in user.nfts.all()], default=0)
    return [
        tier.level
        for tier in Tier.objects.on_offer()
        if tier.level == owned + 1
        and volume >= tier.required_volume
        and set(tier.badge_slugs()) <= active
    ]


@given(story=steps)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_was_told_agrees_with_a_recomputation_from_scratch(
    tiers: list[Tier], story: list[tuple[str, Any]]
) -> None:
    with transaction.atomic():
        user = make_user()
        for what, value in story:
            DO[what](user, value)
            if what == "judge":
                assert QualificationRecord.objects.get(user=user).levels == levels_from_scratch(
                    user
                )
        judge(user)
        check_story(user)
        transaction.set_rollback(True)


def check_story(user: User) -> None:
    """Each fact goes on where the one before ended, and the last one says what is."""
    levels: list[int] = []
    volume = Decimal(0)
    for fact in told(user.id):
        assert fact["previousQualifications"] == levels != fact["currentQualifications"]
        assert fact["moved"]
        levels = fact["currentQualifications"]
        volume += Decimal(fact["volumeChange"])
    assert levels == levels_from_scratch(user)
    assert volume == QualificationRecord.objects.get(user=user).volume


def quietly(call: Callable[[], Any]) -> None:
    with suppress(DomainError):  # a rival was faster
        call()


@pytest.mark.django_db(transaction=True)
def test_trades_badges_and_judges_at_once_tell_one_story() -> None:
    seed_ladder()
    define(*SLUGS)
    user = make_user()
    first = trade(user, 90_000)
    badge = give(user, "first-steps")
    changes: list[Callable[[], Any]] = [
        partial(trade, user, 10_000),
        partial(trade, user, 100_000, corrects=first),
        partial(activate, user, "first-steps"),
        partial(revoke_badge, badge_id=badge.id, reason="test", now=NOW),
        partial(give, user, "steady-hand"),
    ]
    judges: list[Callable[[], Any]] = [partial(judge, user)] * 5
    results = run_together(
        [partial(quietly, call) for pair in zip(changes, judges, strict=True) for call in pair]
    )
    assert [result for result in results if isinstance(result, Exception)] == []
    run_together([partial(judge, user)] * 4)
    check_story(user)


@pytest.mark.django_db(transaction=True)
def test_many_judges_of_one_change_tell_it_once() -> None:
    seed_ladder()
    users = [make_user() for _ in range(4)]
    for user in users:
        qualify(user, 1)
    ids = [user.id for user in users]
    calls = [partial(judge_members, user_ids=ids[:: 1 - 2 * (n % 2)], now=NOW) for n in range(6)]
    assert sum(run_together(calls)) == 4
    assert [len(told(user_id)) for user_id in ids] == [1] * 4
