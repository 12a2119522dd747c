"""What the database and the transition table refuse, whoever asks."""

import pytest
from django.db import IntegrityError, transaction

from badges.models import MOVES, BadgeStatus, EarnedBadge
from core.errors import Conflict
from core.ids import uuid7
from tests.badges.parts import NOW, award, define, give_active, moves, new_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "values",
    [
        {"status": "polished"},
        {"status": "activated"},
        {"status": "reserved", "activated_at": NOW},
        {"reserved_for": uuid7()},
        {"activated_at": NOW},
        {"status": "consumed", "activated_at": NOW, "reserved_for": uuid7()},
        {"consumed_at": NOW},
        {"status": "consumed", "consumed_at": NOW, "activated_at": NOW},
        {"status": "revoked"},
        {"status": "revoked", "revoked_at": NOW},
        {"revoke_reason": "none"},
        {"revoked_at": NOW},
    ],
)
def test_the_database_refuses_a_badge_in_two_minds(values: dict) -> None:
    define("whale")
    (badge,) = award(new_user(), "whale")
    with pytest.raises(IntegrityError), transaction.atomic():
        EarnedBadge.objects.filter(id=badge.id).update(**values)


def test_the_database_refuses_a_second_badge_of_a_kind() -> None:
    define("whale")
    (badge,) = award(new_user(), "whale")
    with pytest.raises(IntegrityError), transaction.atomic():
        EarnedBadge.objects.create(user=badge.user, definition=badge.definition, earned_at=NOW)


def test_a_badge_read_before_another_change_is_not_moved() -> None:
    define("whale")
    (badge,) = give_active(new_user(), "whale")
    stale = EarnedBadge.objects.get(id=badge.id)
    badge.reserve(request_id=uuid7(), now=NOW)
    badge.release(now=NOW)
    with pytest.raises(Conflict) as refusal:
        stale.revoke(reason="fraud", now=NOW)
    assert refusal.value.code == "BADGE_CHANGED"
    assert moves(badge)[-1] == ("reserved", "activated")


def test_nothing_leaves_consumed_or_revoked() -> None:
    left = {source for move in MOVES.values() for source in move.sources}
    assert left.isdisjoint({BadgeStatus.CONSUMED, BadgeStatus.REVOKED})
