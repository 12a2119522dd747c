"""Several callers want the same badge in the same moment."""

from functools import partial

import pytest

from badges.models import BadgeStatus, EarnedBadge
from badges.services import (
    activate_badge,
    award_badge,
    consume_badges,
    release_badges,
    reserve_badges,
    revoke_badge,
)
from core.errors import Conflict
from core.ids import uuid7
from tests.badges.parts import NOW, award, define, give_active, moves, new_user, told
from tests.together import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def test_eight_awards_at_once_give_one_badge() -> None:
    define("whale")
    user = new_user()
    call = partial(award_badge, user=user, slug="whale", now=NOW, source="test")
    badges = run_together([call] * 8)
    assert len({badge.id for badge in badges}) == 1
    assert sum(badge.is_new for badge in badges) == 1
    assert len(told(user.id, "badge_earned")) == 1


def test_eight_activations_at_once_are_one() -> None:
    define("whale")
    user = new_user()
    (badge,) = award(user, "whale")
    results = run_together([partial(activate_badge, user=user, badge_id=badge.id, now=NOW)] * 8)
    assert {result.status for result in results} == {"activated"}
    assert len(told(user.id, "badge_activated")) == 1
    assert len(moves(badge)) == 2


def test_one_of_two_requests_gets_all_of_the_badges() -> None:
    define("whale", "pioneer", "scholar")
    user = new_user()
    give_active(user, "whale", "pioneer", "scholar")
    orders = [["whale", "pioneer", "scholar"], ["scholar", "pioneer", "whale"]] * 3
    results = run_together(
        [
            partial(reserve_badges, user_id=user.id, slugs=slugs, request_id=uuid7(), now=NOW)
            for slugs in orders
        ]
    )
    assert sum(isinstance(result, list) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 5
    assert EarnedBadge.objects.values("reserved_for").distinct().count() == 1


def test_a_badge_is_either_reserved_or_revoked() -> None:
    define("whale")
    user = new_user()
    (badge,) = give_active(user, "whale")
    results = run_together(
        [
            partial(reserve_badges, user_id=user.id, slugs=["whale"], request_id=uuid7(), now=NOW),
            partial(revoke_badge, badge_id=badge.id, reason="fraud", now=NOW),
        ]
    )
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert len(moves(badge)) == 3


def test_a_badge_is_either_consumed_or_released() -> None:
    define("whale")
    user, request = new_user(), uuid7()
    (badge,) = give_active(user, "whale")
    reserve_badges(user_id=user.id, slugs=["whale"], request_id=request, now=NOW)
    calls = [consume_badges, release_badges] * 3
    results = run_together([partial(call, request_id=request, now=NOW) for call in calls])
    assert all(isinstance(result, list) for result in results)
    badge.refresh_from_db()
    assert badge.version == 4
    assert len(told(user.id, "badge_consumed")) == (badge.status == BadgeStatus.CONSUMED)
