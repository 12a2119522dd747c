"""The admin awards and revokes; it edits no state."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from badges.models import BadgeDefinition, EarnedBadge
from badges.services import reserve_badges
from core.ids import uuid7
from tests.badges.parts import NOW, award, define, give_active, new_user, told

pytestmark = pytest.mark.django_db
LIST = "/admin/badges/earnedbadge/"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", "a long pass phrase"))
    return client


def test_adding_a_badge_is_awarding_it(admin: Client) -> None:
    define("whale")
    user = new_user()
    definition = BadgeDefinition.objects.get()
    form = {
        "user": user.id,
        "definition": definition.id,
        "reason": "won the draw",
        "history-TOTAL_FORMS": 0,
        "history-INITIAL_FORMS": 0,
    }
    assert admin.get(f"{LIST}add/").status_code == 200
    assert admin.post(f"{LIST}add/", form | {"reason": ""}).status_code == 200
    assert not EarnedBadge.objects.exists()
    assert admin.post(f"{LIST}add/", form).status_code == 302
    badge = EarnedBadge.objects.get()
    assert (badge.user_id, badge.history.get().reason) == (
        user.id,
        "awarded by admin root: won the draw",
    )
    assert len(told(user.id, "badge_earned")) == 1


def test_a_retired_badge_is_not_offered(admin: Client) -> None:
    define("whale")
    BadgeDefinition.objects.update(is_active=False)
    assert b"whale" not in admin.get(f"{LIST}add/").content


def test_the_state_of_a_badge_is_read_only(admin: Client) -> None:
    define("whale")
    (badge,) = award(new_user(), "whale")
    page = f"{LIST}{badge.id}/change/"
    assert b"awarded by test" in admin.get(page).content
    assert admin.post(page, {"status": "consumed"}).status_code == 403
    assert admin.post(f"{LIST}{badge.id}/delete/", {"post": "yes"}).status_code == 403
    badge.refresh_from_db()
    assert badge.status == "earned"


def test_revoking_skips_a_badge_that_is_reserved_and_says_so(admin: Client) -> None:
    define("whale", "pioneer")
    user = new_user()
    badges = give_active(user, "whale", "pioneer")
    reserve_badges(user_id=user.id, slugs=["whale"], request_id=uuid7(), now=NOW)
    form = {"action": "revoke", "_selected_action": [str(badge.id) for badge in badges]}
    asked = admin.post(LIST, form)
    assert b"Take these badges back?" in asked.content
    page = admin.post(LIST, form | {"confirmed": "1", "reason": "a mistake"}, follow=True)
    assert b"A badge that is reserved is not one to revoke." in page.content
    assert b"Badges taken back: 1." in page.content
    assert EarnedBadge.objects.status_by_slug(user.id) == {
        "whale": "reserved",
        "pioneer": "revoked",
    }
    assert LogEntry.objects.get().change_message == "Revoked: a mistake"
    [data] = told(user.id, "badge_revoked")
    assert data == {"badgeId": "pioneer", "reason": "a mistake"}  # not by whom
    noted = EarnedBadge.objects.get(status="revoked").history.latest("id").reason
    assert noted == "revoked by admin root: a mistake"


def test_a_kind_of_badge_is_retired_and_never_deleted(admin: Client) -> None:
    """Tiers and rules that ask for it would silently ask for less."""
    define("whale")
    page = f"/admin/badges/badgedefinition/{BadgeDefinition.objects.get().id}/delete/"
    assert admin.post(page, {"post": "yes"}).status_code == 403
    assert BadgeDefinition.objects.exists()


def test_the_slug_of_a_badge_is_chosen_once(admin: Client) -> None:
    define("whale")
    definition = BadgeDefinition.objects.get()
    page = f"/admin/badges/badgedefinition/{definition.id}/change/"
    assert b'name="slug"' not in admin.get(page).content
    assert b'name="slug"' in admin.get("/admin/badges/badgedefinition/add/").content
