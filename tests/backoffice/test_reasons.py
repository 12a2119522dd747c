"""Whoever edits by a form says why: it reaches the audit and the log of actions."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from audit.models import Pending
from badges.models import BadgeDefinition
from core.admin import EditAdmin
from trading.models import VolumeMilestone

pytestmark = pytest.mark.django_db

MILESTONES = "/admin/trading/volumemilestone/"
WHY = "As decided on Monday"


@pytest.fixture
def chief(client: Client) -> User:
    chief = User.objects.create_superuser("chief", "a long enough password")
    client.force_login(chief)
    return chief


def recorded(table: str) -> list[tuple[str, str, str]]:
    """What the triggers noted: what, who, why."""
    notes = [row.noted for row in Pending.objects.order_by("id")]
    return [
        (it["what"], it["actor"], it.get("reason", ""))
        for it in notes
        if it["what"].startswith(table)
    ]


def test_every_form_that_edits_asks_for_a_reason(chief: User, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = chief
    edited = {
        model._meta.label
        for model, page in admin.site._registry.items()
        if page.has_change_permission(request)
    }
    asking = {
        model._meta.label
        for model, page in admin.site._registry.items()
        if isinstance(page, EditAdmin)
    }
    assert edited == asking


def test_an_edit_without_a_reason_is_none(client: Client, chief: User) -> None:
    row = VolumeMilestone.objects.create(amount=1)
    page = f"{MILESTONES}{row.pk}/change/"
    assert 'name="reason"' in client.get(page).content.decode()
    for reason in ("", " ", "x" * 151):
        assert client.post(page, {"amount": "2", "reason": reason}).status_code == 200
    assert not LogEntry.objects.exists()
    row.refresh_from_db()
    assert row.amount == 1


def test_what_is_added_edited_and_deleted_is_kept_with_its_reason(
    client: Client, chief: User
) -> None:
    client.post(f"{MILESTONES}add/", {"amount": "1", "reason": WHY})
    row = VolumeMilestone.objects.get(amount=1)
    client.post(f"{MILESTONES}{row.pk}/change/", {"amount": "2", "reason": WHY})
    page = f"{MILESTONES}{row.pk}/delete/"
    assert 'name="reason"' in client.get(page).content.decode()
    answer = client.post(page, {"post": "yes", "reason": ""}, follow=True)
    assert "Say why" in answer.content.decode()
    assert VolumeMilestone.objects.filter(amount=2).exists()
    client.post(page, {"post": "yes", "reason": WHY})
    assert not VolumeMilestone.objects.filter(amount=2).exists()
    who = f"user:{chief.pk}"
    assert recorded("volume_milestones") == [
        ("volume_milestones.insert", who, WHY),
        ("volume_milestones.update", who, WHY),
        ("volume_milestones.delete", who, WHY),
    ]
    said = [it.get_change_message() for it in LogEntry.objects.order_by("pk")]
    assert said == [f"Added. {WHY}", f"Changed Amount. {WHY}", WHY]


def test_what_belongs_to_a_row_is_kept_with_the_same_reason(client: Client, chief: User) -> None:
    """Rows of many-to-many tables are written after the row itself."""
    group = Group.objects.create(name="night shift")
    client.post(
        f"/admin/auth/group/{group.pk}/change/",
        {"name": "night shift", "permissions": [1], "reason": WHY},
    )
    assert recorded("auth_group_permissions") == [
        ("auth_group_permissions.insert", f"user:{chief.pk}", WHY)
    ]


def test_nothing_is_deleted_by_the_dozen_and_lookers_are_not_asked_why(
    client: Client, chief: User
) -> None:
    row = BadgeDefinition.objects.create(slug="whale", name="Whale")
    assert "delete_selected" not in client.get(MILESTONES).content.decode()
    looker = User.objects.create(username="looker", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_badgedefinition"))
    client.force_login(looker)
    page = client.get(reverse("admin:badges_badgedefinition_change", args=[row.pk]))
    assert page.status_code == 200
    assert "Why" not in page.content.decode()
