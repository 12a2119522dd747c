"""Who acts, and why, is known while the deed is done, and no longer."""

import pytest
from django.test import Client

from accounts.models import User
from badges.models import EarnedBadge
from core.acting import Act, acting, current_act
from tests.badges.parts import award, define, new_user


def fail() -> None:
    with acting(actor="user:2", reason="second"):
        assert current_act() == Act("user:2", "second")
        raise ValueError("oops")


def test_an_act_ends_with_its_block_even_when_it_fails() -> None:
    with acting(actor="user:1", reason="first"):
        with pytest.raises(ValueError, match="oops"):
            fail()
        assert current_act().reason == "first"
    assert current_act() == Act()


@pytest.mark.django_db
def test_a_deed_in_the_admin_knows_its_person_and_reason(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    chief = User.objects.create_superuser("chief", "a long enough password")
    client.force_login(chief)
    define("whale")
    (badge,) = award(new_user(), "whale")
    acts: list[Act] = []
    monkeypatch.setattr("badges.admin.revoke_badge", lambda **_: acts.append(current_act()))
    chosen = {"action": "revoke", "_selected_action": [str(badge.id)]}
    client.post("/admin/badges/earnedbadge/", chosen | {"confirmed": "1", "reason": "a mistake"})
    assert acts == [Act(f"user:{chief.pk}", "a mistake")]
    assert EarnedBadge.objects.get().status == "earned"
    assert current_act() == Act()
