"""Who qualifies for what: the pure rule against a naive one, and the rows it is fed with."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from badges.models import BadgeStatus, EarnedBadge
from core.errors import Conflict
from nft.models import NftStatus, Origin, Tier
from nft.services.judging import LevelQualification, Standing, judge_tiers, usd
from nft.services.qualification import check_qualified, qualification_of
from nft.terms import TierTerms
from tests.nft.conftest import give_badges, give_volume, make_nft, make_upgrade, make_user, qualify

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SLUGS = ["a", "b", "c", "d"]


def terms(
    level: int,
    volume: Decimal | int = 0,
    badges: list[str] | None = None,
    needed: int | None = None,
    opens: datetime | None = None,
    closes: datetime | None = None,
) -> TierTerms:
    return TierTerms(
        level=level,
        name=f"Level {level}",
        symbol="T",
        colour="#000000",
        description="",
        required_volume=str(volume),
        badges=badges or [],
        benefits={},
        badges_needed=needed,
        available_from=opens.isoformat() if opens else None,
        available_until=closes.isoformat() if closes else None,
    )


amounts = st.decimals(min_value=0, max_value=10**7, places=8)
ladders = st.lists(
    st.builds(
        terms,
        level=st.integers(1, 6),
        volume=amounts,
        badges=st.lists(st.sampled_from(SLUGS), unique=True),
        needed=st.none() | st.integers(1, 4),
        opens=st.none() | st.sampled_from([NOW, NOW - SECOND, NOW + SECOND]),
        closes=st.none() | st.sampled_from([NOW, NOW - SECOND, NOW + SECOND]),
    ),
    max_size=6,
    unique_by=lambda tier: tier.level,
)
standings = st.builds(
    Standing,
    volume=amounts,
    badges=st.dictionaries(st.sampled_from(SLUGS), st.sampled_from(BadgeStatus.values)),
    owned_level=st.none() | st.integers(1, 6),
    has_unlocked=st.booleans(),
    open_level=st.none() | st.integers(1, 6),
)


def naive(tier: TierTerms, tiers: list[TierTerms], has: Standing) -> bool:
    """The rule once more, in one breath."""
    first = tier.level == min(other.level for other in tiers)
    right_place = has.owned_level == tier.level - 1 or (
        first and has.owned_level is None and not has.has_unlocked
    )
    opens = datetime.fromisoformat(tier.available_from) if tier.available_from else NOW
    closes = datetime.fromisoformat(tier.available_until) if tier.available_until else NOW + SECOND
    active = {slug for slug, status in has.badges.items() if status == "activated"}
    enough = min(tier.badges_needed or 4, len(tier.badges))
    return (
        right_place
        and has.open_level != tier.level
        and has.volume >= Decimal(tier.required_volume)
        and len(set(tier.badges) & active) >= enough
        and opens <= NOW < closes
    )


@given(tiers=ladders, standing=standings)
def test_the_rule_agrees_with_a_naive_recomputation(
    tiers: list[TierTerms], standing: Standing
) -> None:
    verdicts = judge_tiers(tiers=tiers, standing=standing, now=NOW)
    assert [verdict.level for verdict in verdicts] == sorted(tier.level for tier in tiers)
    by_level = {tier.level: tier for tier in tiers}
    for verdict in verdicts:
        assert verdict.qualified == naive(by_level[verdict.level], tiers, standing)


@given(tiers=ladders, standing=standings)
def test_at_most_one_level_is_open_at_a_time(tiers: list[TierTerms], standing: Standing) -> None:
    assert (
        sum(verdict.qualified for verdict in judge_tiers(tiers=tiers, standing=standing, now=NOW))
        <= 1
    )


@given(amount=st.decimals(min_value=0, max_value=10**19, places=8))
def test_amounts_are_told_exactly_and_without_exponent(amount: Decimal) -> None:
    assert Decimal(usd(amount)) == amount
    assert "E" not in usd(amount)


def codes(verdict: LevelQualification) -> list[str]:
    return [reason.code for reason in verdict.missing]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (None, "BADGE_MISSING"),
        ("revoked", "BADGE_MISSING"),
        ("earned", "BADGE_NOT_ACTIVATED"),
        ("reserved", "BADGE_RESERVED"),
        ("consumed", "BADGE_CONSUMED"),
    ],
)
def test_a_badge_that_does_not_count_is_named_with_the_reason(
    status: str | None, code: str
) -> None:
    standing = Standing(volume=Decimal(0), badges={"a": status} if status else {})
    [verdict] = judge_tiers(tiers=[terms(1, 0, ["a"])], standing=standing, now=NOW)
    assert [(reason.code, reason.figures) for reason in verdict.missing] == [(code, {"slug": "a"})]


def test_a_badge_reserved_for_the_running_upgrade_is_not_called_missing() -> None:
    standing = Standing(
        volume=Decimal(0), badges={"a": "reserved"}, owned_level=1, has_unlocked=True, open_level=2
    )
    ladder = [terms(1), terms(2, 0, ["a"]), terms(3, 0, ["a"])]
    _, second, third = judge_tiers(tiers=ladder, standing=standing, now=NOW)
    assert codes(second) == ["UPGRADE_OPEN"]
    assert codes(third) == ["WRONG_LEVEL", "BADGE_RESERVED"]


def test_a_missing_volume_comes_with_its_figures() -> None:
    standing = Standing(volume=Decimal("99999.99000000"))
    [verdict] = judge_tiers(tiers=[terms(1, 100000)], standing=standing, now=NOW)
    assert verdict.missing[0].as_json() == {
        "code": "VOLUME_TOO_LOW",
        "message": "Trade 0.01 USD more to reach 100000 USD.",
        "required": "100000",
        "current": "99999.99",
    }


def test_a_reached_level_gives_that_one_reason() -> None:
    standing = Standing(volume=Decimal(0), owned_level=3, has_unlocked=True)
    first, *_ = judge_tiers(tiers=[terms(1, 10, ["a"]), terms(2)], standing=standing, now=NOW)
    assert [(r.code, r.figures) for r in first.missing] == [("WRONG_LEVEL", {"currentLevel": 3})]


@pytest.mark.usefixtures("tiers")
def test_a_new_member_qualifies_for_nothing(user: User) -> None:
    found = qualification_of(user, now=NOW)
    assert found.volume == 0
    assert [verdict.qualified for verdict in found.levels] == [False] * 5
    assert codes(found.levels[0]) == ["VOLUME_TOO_LOW", "BADGE_MISSING"]
    assert "WRONG_LEVEL" in codes(found.levels[1])


@pytest.mark.usefixtures("tiers")
def test_volume_and_activated_badges_open_the_first_level(user: User) -> None:
    qualify(user, 1)
    assert [verdict.qualified for verdict in qualification_of(user, now=NOW).levels] == [True] + [
        False
    ] * 4


@pytest.mark.usefixtures("tiers")
def test_owning_a_level_opens_the_next_and_closes_itself(user: User) -> None:
    make_nft(user, 1)
    qualify(user, 2)
    levels = qualification_of(user, now=NOW).levels
    assert [verdict.qualified for verdict in levels] == [False, True, False, False, False]
    assert codes(levels[0]) == ["WRONG_LEVEL"]


@pytest.mark.usefixtures("tiers")
@pytest.mark.parametrize("status", [NftStatus.BURNED, NftStatus.TRANSFERRED])
def test_an_nft_that_is_gone_neither_counts_nor_unlocks_again(user: User, status: str) -> None:
    make_nft(user, 1, status=status)
    qualify(user, 1)
    levels = qualification_of(user, now=NOW).levels
    assert codes(levels[0]) == ["ALREADY_UNLOCKED"]
    assert "WRONG_LEVEL" in codes(levels[1])


@pytest.mark.usefixtures("tiers")
def test_a_running_upgrade_blocks_its_own_level(user: User) -> None:
    make_upgrade(user, make_nft(user, 1, status=NftStatus.UPGRADING))
    qualify(user, 2)
    assert codes(qualification_of(user, now=NOW).levels[1]) == ["UPGRADE_OPEN"]


@pytest.mark.usefixtures("tiers")
def test_what_others_have_does_not_count(user: User) -> None:
    other = make_user()
    qualify(other, 1)
    make_nft(other, 2, origin=Origin.UPGRADE)
    make_upgrade(other, make_nft(other, 3))
    assert codes(qualification_of(user, now=NOW).levels[0]) == ["VOLUME_TOO_LOW", "BADGE_MISSING"]


def test_a_tier_that_is_not_on_offer_is_not_judged(user: User, tiers: list[Tier]) -> None:
    Tier.objects.filter(level=5).update(is_active=False)
    assert [verdict.level for verdict in qualification_of(user, now=NOW).levels] == [1, 2, 3, 4]


def test_the_lowest_tier_on_offer_is_the_one_to_unlock(user: User, tiers: list[Tier]) -> None:
    Tier.objects.filter(level=1).update(is_active=False)
    qualify(user, 2)
    check_qualified(user=user, tier=tiers[1], now=NOW)
    assert qualification_of(user, now=NOW).levels[0].qualified


def test_checking_a_member_who_qualifies_passes(user: User, tiers: list[Tier]) -> None:
    make_nft(user, 1)
    qualify(user, 2)
    check_qualified(user=user, tier=tiers[1], now=NOW)


def test_checking_lists_everything_that_is_missing(user: User, tiers: list[Tier]) -> None:
    make_nft(user, 1)
    give_volume(user, 1)
    give_badges(user, ["steady-hand"], activated=False)
    with pytest.raises(Conflict) as refused:
        check_qualified(user=user, tier=tiers[1], now=NOW)
    assert refused.value.code == "NOT_QUALIFIED"
    missing = [(m["code"], m.get("slug")) for m in refused.value.details["missing"]]
    assert missing == [
        ("VOLUME_TOO_LOW", None),
        ("BADGE_MISSING", "market-scholar"),
        ("BADGE_NOT_ACTIVATED", "steady-hand"),
    ]


def test_a_consumed_badge_does_not_count_again(user: User, tiers: list[Tier]) -> None:
    qualify(user, 1)
    badge = EarnedBadge.objects.of_user(user.id).get()
    badge.reserve(request_id=badge.id, now=badge.earned_at)
    badge.consume(now=badge.earned_at)
    assert codes(qualification_of(user, now=NOW).levels[0]) == ["BADGE_CONSUMED"]
