"""Reserving for a request, releasing, and consuming when its NFT is minted."""

import pytest

from badges.models import BadgeStatus, EarnedBadge
from badges.services import consume_badges, release_badges, reserve_badges, revoke_badge
from core.errors import Conflict
from core.ids import uuid7
from tests.badges.parts import NOW, award, define, give_active, moves, new_user, told

pytestmark = pytest.mark.django_db


def test_reserving_takes_all_of_the_badges() -> None:
    define("whale", "pioneer", "scholar")
    user, request = new_user(), uuid7()
    give_active(user, "whale", "pioneer", "scholar")
    held = reserve_badges(user_id=user.id, slugs=["whale", "pioneer"], request_id=request, now=NOW)
    assert {badge.definition.slug for badge in held} == {"whale", "pioneer"}
    assert {(badge.status, badge.reserved_for) for badge in held} == {("reserved", request)}
    assert EarnedBadge.objects.active_slugs(user.id) == {"scholar"}
    assert held[0].history.filter(to_status="reserved").get().request_id == request


def test_reserving_takes_none_when_some_are_missing_and_says_which() -> None:
    define("whale", "pioneer", "scholar", "helper", "founder", "tester")
    user, other_request, past_request = new_user(), uuid7(), uuid7()
    give_active(user, "whale", "helper", "founder")
    award(user, "pioneer")
    (revoked,) = award(user, "tester")
    revoke_badge(badge_id=revoked.id, reason="fraud", now=NOW)
    reserve_badges(user_id=user.id, slugs=["helper"], request_id=other_request, now=NOW)
    reserve_badges(user_id=user.id, slugs=["founder"], request_id=past_request, now=NOW)
    consume_badges(request_id=past_request, now=NOW)
    before = EarnedBadge.objects.status_by_slug(user.id)
    wanted = ["whale", "pioneer", "scholar", "helper", "founder", "tester", "unheard-of"]
    with pytest.raises(Conflict) as refusal:
        reserve_badges(user_id=user.id, slugs=wanted, request_id=uuid7(), now=NOW)
    assert refusal.value.code == "BADGES_MISSING"
    assert refusal.value.details == {
        "missing": ["founder", "scholar", "tester", "unheard-of"],
        "notActivated": ["pioneer"],
        "reserved": ["helper"],
    }
    assert EarnedBadge.objects.status_by_slug(user.id) == before


def test_badges_of_another_user_do_not_count() -> None:
    define("whale")
    user, other = new_user(), new_user()
    give_active(other, "whale")
    with pytest.raises(Conflict):
        reserve_badges(user_id=user.id, slugs=["whale"], request_id=uuid7(), now=NOW)
    assert EarnedBadge.objects.active_slugs(other.id) == {"whale"}


def test_reserving_again_for_the_same_request_changes_nothing() -> None:
    define("whale")
    user, request = new_user(), uuid7()
    (badge,) = give_active(user, "whale")
    for _ in range(2):
        held = reserve_badges(user_id=user.id, slugs=["whale"], request_id=request, now=NOW)
    assert [held_badge.version for held_badge in held] == [3]
    assert moves(badge)[2:] == [("activated", "reserved")]


def test_a_tier_without_badges_reserves_nothing() -> None:
    user = new_user()
    assert reserve_badges(user_id=user.id, slugs=[], request_id=uuid7(), now=NOW) == []


def test_released_badges_can_be_reserved_again() -> None:
    define("whale", "pioneer")
    user, first, second = new_user(), uuid7(), uuid7()
    give_active(user, "whale", "pioneer")
    slugs = ["whale", "pioneer"]
    reserve_badges(user_id=user.id, slugs=slugs, request_id=first, now=NOW)
    assert len(release_badges(request_id=first, now=NOW)) == 2
    assert release_badges(request_id=first, now=NOW) == []
    held = reserve_badges(user_id=user.id, slugs=slugs, request_id=second, now=NOW)
    assert {badge.reserved_for for badge in held} == {second}
    assert release_badges(request_id=first, now=NOW) == []
    assert told(user.id, "badge_consumed") == []


@pytest.mark.parametrize("for_upgrade", [True, False])
def test_consuming_twice_is_consuming_once(for_upgrade: bool) -> None:
    define("whale", "pioneer")
    user, request = new_user(), uuid7()
    give_active(user, "whale", "pioneer")
    reserve_badges(user_id=user.id, slugs=["whale", "pioneer"], request_id=request, now=NOW)
    taken = consume_badges(request_id=request, now=NOW, for_upgrade=for_upgrade)
    again = consume_badges(request_id=request, now=NOW, for_upgrade=for_upgrade)
    assert [badge.id for badge in taken] == [badge.id for badge in again]
    assert {badge.status for badge in again} == {BadgeStatus.CONSUMED}
    assert {badge.consumed_at for badge in again} == {NOW}
    named = str(request) if for_upgrade else None
    told_badges = sorted(told(user.id, "badge_consumed"), key=lambda data: data["badgeId"])
    assert told_badges == [
        {"badgeId": "pioneer", "upgradeRequestId": named},
        {"badgeId": "whale", "upgradeRequestId": named},
    ]


def test_consumed_badges_are_not_given_back() -> None:
    define("whale")
    user, request = new_user(), uuid7()
    (badge,) = give_active(user, "whale")
    reserve_badges(user_id=user.id, slugs=["whale"], request_id=request, now=NOW)
    consume_badges(request_id=request, now=NOW)
    assert release_badges(request_id=request, now=NOW) == []
    with pytest.raises(Conflict):
        revoke_badge(badge_id=badge.id, reason="fraud", now=NOW)
    assert EarnedBadge.objects.get(id=badge.id).status == BadgeStatus.CONSUMED


def test_a_request_that_holds_nothing_consumes_nothing() -> None:
    define("whale")
    user, request = new_user(), uuid7()
    give_active(user, "whale")
    reserve_badges(user_id=user.id, slugs=["whale"], request_id=request, now=NOW)
    release_badges(request_id=request, now=NOW)
    assert consume_badges(request_id=request, now=NOW) == []
    assert EarnedBadge.objects.active_slugs(user.id) == {"whale"}
