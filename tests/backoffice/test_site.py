"""One site with one look; the side bar shows what somebody may see, and by area."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client, RequestFactory
from unfold.admin import ModelAdmin

from accounts.models import User
from backoffice.navigation import AREAS, PLACES, sidebar
from backoffice.site import BackofficeSite

pytestmark = pytest.mark.django_db


def staff(*codenames: str) -> User:
    user = User.objects.create(username="helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def test_every_page_is_of_our_site_and_has_its_look() -> None:
    assert isinstance(admin.site, BackofficeSite)
    plain = [
        m._meta.label for m, it in admin.site._registry.items() if not isinstance(it, ModelAdmin)
    ]
    assert plain == []


def test_every_model_has_an_icon_and_a_place() -> None:
    assert all(apps.get_model(label) in admin.site._registry for label in PLACES)
    assert len(PLACES) == sum(len(models) for models in AREAS.values())


def test_the_side_bar_shows_only_what_somebody_may_see(rf: RequestFactory) -> None:
    request = rf.get("/admin/")
    request.user = staff("view_tier", "view_deadletter")
    shown = {
        group["title"]: [item["title"] for item in group["items"]] for group in sidebar(request)
    }
    assert shown == {
        "": ["Home", "Live streams"],
        "Game": ["Tiers"],
        "Events": ["Dead letters"],
    }


def test_no_page_loads_from_elsewhere(client: Client) -> None:
    client.force_login(User.objects.create_superuser("chief", "a long enough password"))
    for address in ("/admin/", "/admin/streams/", "/admin/nft/tier/add/", "/admin/accounts/user/"):
        page = client.get(address).content.decode()
        assert "backoffice/admin.css" in page
        loaded = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]*)"', page)
        assert loaded
        assert all(target.startswith("/") and "//" not in target for target in loaded)


def test_staff_without_a_name_see_their_wallet(client: Client) -> None:
    """They signed in with it, and were made staff."""
    user = User.objects.create_user("1" * 32)
    user.is_staff = True
    user.save()
    client.force_login(user)
    assert "1" * 32 in client.get("/admin/").content.decode()
