"""From the award to the activation, and revoking."""

import pytest

from badges.models import BadgeDefinition, BadgeStatus, EarnedBadge
from badges.services import activate_badge, award_badge, reserve_badges, revoke_badge
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import uuid7
from tests.badges.parts import NOW, award, define, give_active, moves, new_user, told

pytestmark = pytest.mark.django_db


def test_an_awarded_badge_is_earned_and_told_once() -> None:
    define("whale")
    user = new_user()
    first, again = award(user, "whale", "whale")
    assert first.id == again.id
    assert (first.is_new, again.is_new) == (True, False)
    assert first.status == BadgeStatus.EARNED
    assert moves(first) == [("", "earned")]
    assert told(user.id, "badge_earned") == [
        {
            "badgeId": "whale",
            "badgeName": "Whale",
            "description": "For whale",
            "imageUrl": "https://images.example/whale.png",
            "earnedAt": "2026-03-01T12:00:00.000Z",
            "requiredForTier": 2,
        }
    ]


def test_an_unknown_badge_is_not_awarded() -> None:
    with pytest.raises(NotFound):
        award(new_user(), "nothing")


def test_a_retired_badge_is_kept_by_its_holders_but_not_given_any_more() -> None:
    define("whale")
    holder = new_user()
    award(holder, "whale")
    BadgeDefinition.objects.update(is_active=False)
    with pytest.raises(Conflict) as refusal:
        award(new_user(), "whale")
    assert refusal.value.code == "BADGE_NOT_GIVEN"
    assert award(holder, "whale")[0].status == BadgeStatus.EARNED


def test_the_history_says_who_awarded() -> None:
    define("whale")
    badge = award_badge(user=new_user(), slug="whale", now=NOW, source="s" * 500)
    assert badge.history.get().reason.startswith("awarded by sss")


def test_activating_twice_is_activating_once() -> None:
    define("whale")
    user = new_user()
    (badge,) = give_active(user, "whale")
    again = activate_badge(user=user, badge_id=badge.id, now=NOW)
    assert again.status == BadgeStatus.ACTIVATED
    assert again.version == badge.version == 2
    assert moves(badge) == [("", "earned"), ("earned", "activated")]
    assert told(user.id, "badge_activated") == [{"badgeId": "whale", "upgradeRequestId": None}]


def test_nobody_activates_someone_elses_badge() -> None:
    define("whale")
    owner, outsider = new_user(), new_user()
    (badge,) = award(owner, "whale")
    with pytest.raises(NotFound):
        activate_badge(user=outsider, badge_id=badge.id, now=NOW)
    badge.refresh_from_db()
    assert badge.status == BadgeStatus.EARNED
    assert told(outsider.id, "badge_activated") == told(owner.id, "badge_activated") == []


def test_a_reserved_badge_is_neither_activated_nor_revoked() -> None:
    define("whale")
    user = new_user()
    (badge,) = give_active(user, "whale")
    reserve_badges(user_id=user.id, slugs=["whale"], request_id=uuid7(), now=NOW)
    with pytest.raises(Conflict) as refusal:
        activate_badge(user=user, badge_id=badge.id, now=NOW)
    assert refusal.value.details == {"status": "reserved"}
    with pytest.raises(Conflict):
        revoke_badge(badge_id=badge.id, reason="fraud", now=NOW)
    badge.refresh_from_db()
    assert badge.status == BadgeStatus.RESERVED


@pytest.mark.parametrize("is_active", [False, True])
def test_a_badge_is_revoked_once_and_stays_revoked(is_active: bool) -> None:
    define("whale")
    user = new_user()
    (badge,) = give_active(user, "whale") if is_active else award(user, "whale")
    revoked = revoke_badge(badge_id=badge.id, reason="fraud", now=NOW)
    again = revoke_badge(badge_id=badge.id, reason="more fraud", now=NOW)
    assert again.version == revoked.version
    assert (again.revoke_reason, again.revoked_at) == ("fraud", NOW)
    assert moves(badge)[-1] == (badge.status, "revoked")
    with pytest.raises(Conflict):
        activate_badge(user=user, badge_id=badge.id, now=NOW)
    assert award(user, "whale")[0].status == BadgeStatus.REVOKED
    assert len(told(user.id, "badge_earned")) == 1


@pytest.mark.parametrize("reason", ["", "r" * 201])
def test_revoking_needs_a_reason_that_fits(reason: str) -> None:
    define("whale")
    (badge,) = award(new_user(), "whale")
    with pytest.raises(InvalidInput):
        revoke_badge(badge_id=badge.id, reason=reason, now=NOW)


def test_revoking_an_unknown_badge_is_refused() -> None:
    with pytest.raises(NotFound):
        revoke_badge(badge_id=uuid7(), reason="fraud", now=NOW)


def test_the_read_api_sees_one_user_only() -> None:
    define("whale", "pioneer")
    user, other = new_user(), new_user()
    award(user, "whale")
    give_active(user, "pioneer")
    give_active(other, "whale")
    assert EarnedBadge.objects.active_slugs(user.id) == {"pioneer"}
    assert EarnedBadge.objects.status_by_slug(user.id) == {
        "whale": "earned",
        "pioneer": "activated",
    }
    assert EarnedBadge.objects.of_user(other.id).count() == 1
