"""The page of one upgrade, and the page of one member."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.models import Record
from audit.services.appending import append_pending
from backoffice.members import PARTS
from core.acting import acting
from core.ids import uuid7
from nft.models import MintOrder, UpgradeRequest, UpgradeStatus, UserNft
from nft.services.seeding import seed_ladder
from notifications.models import Notification
from tests.nft.conftest import give_badges, give_volume, new_signature
from tests.nft.test_stuck import upgrade_that_is

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log")]


@pytest.fixture
def upgrade() -> UpgradeRequest:
    seed_ladder()
    request = upgrade_that_is(UpgradeStatus.MINTING, since=timezone.now() - timedelta(days=1))
    MintOrder.objects.filter(id=request.order_id).update(
        signature=new_signature(), signed_transaction=b"x", last_valid_block_height=1
    )
    request.order.refresh_from_db()
    return request


@pytest.fixture
def chief(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief", "a long enough password"))
    return client


@pytest.mark.parametrize("model", ["upgraderequest", "stuckupgrade"])
def test_a_timeline_leads_to_the_chain(
    chief: Client, upgrade: UpgradeRequest, settings: Settings, model: str
) -> None:
    address = reverse(f"admin:nft_{model}_change", args=[upgrade.pk])
    page = chief.get(address).content.decode()
    assert "burn proven" in page
    assert "mint sent" in page
    assert upgrade.order.mint_address in page
    assert "explorer.example" not in page
    settings.EXPLORER_URL = "https://explorer.example/{kind}/{id}"
    page = chief.get(address).content.decode()
    assert f'href="https://explorer.example/tx/{upgrade.burn_signature}"' in page
    assert f'href="https://explorer.example/address/{upgrade.order.mint_address}"' in page


@pytest.mark.parametrize("odd", [uuid7(), "nonsense"])
def test_an_upgrade_that_is_none_leads_back_home(chief: Client, odd: object) -> None:
    address = reverse("admin:nft_upgraderequest_change", args=[odd])
    assert chief.get(address).headers["Location"] == "/admin/"


def test_a_member_is_on_one_page(chief: Client, upgrade: UpgradeRequest) -> None:
    member, now = upgrade.user, timezone.now()
    give_volume(member, 123456)
    give_badges(member, ["spare"])
    Notification.objects.create(
        user_id=member.id, event_id=uuid7(), type="badge_earned", priority="normal",
        title="Well earned", message="m", link="/badges", created_at=now,
    )  # fmt: skip
    with acting(actor="user:1", reason="grace asked for it"):
        User.objects.filter(pk=member.pk).update(is_active=False)
    append_pending()
    account = chief.get(reverse("admin:accounts_user_change", args=[member.pk])).content.decode()
    address = reverse("admin:member", args=[member.pk])
    assert f'href="{address}"' in account
    page = chief.get(address).content.decode()
    append_pending()
    assert Record.objects.filter(what="audit.member_seen", subject=member.pk).count() == 1
    nft = UserNft.objects.get()
    for text in (member.wallet_address, nft.tier_name, "123,456.00", "spare", "minting"):
        assert str(text) in page
    titles = re.findall(r"<caption>([^<]*)", page)
    assert titles == [part.title for part in PARTS]
    assert "Well earned" in page  # the notification
    assert "grace asked for it" in page  # why it is in the audit log
    for link in re.findall(r'<td><a href="([^"]+)"', page):
        assert chief.get(link).status_code == 200, link
    assert chief.get(reverse("admin:member", args=[uuid7()])).status_code == 404


def test_the_page_shows_each_only_what_they_may_see(
    client: Client, upgrade: UpgradeRequest
) -> None:
    clerk = User.objects.create(username="clerk", is_staff=True)
    client.force_login(clerk)
    address = reverse("admin:member", args=[upgrade.user.pk])
    assert client.get(address).status_code == 403
    codes = ["view_user", "view_earnedbadge"]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=codes))
    page = client.get(address).content.decode()
    assert "Badges" in page
    assert "Upgrades" not in page
    append_pending()
    assert not Record.objects.filter(what="audit.member_seen").exists()
    assert upgrade.current_nft.mint_address not in page


def test_a_member_with_many_rows_has_a_link_to_all_that_opens(
    chief: Client, upgrade: UpgradeRequest
) -> None:
    give_badges(upgrade.user, [f"badge-{n}" for n in range(11)])
    page = chief.get(reverse("admin:member", args=[upgrade.user.pk])).content.decode()
    every = f"/admin/badges/earnedbadge/?user__id__exact={upgrade.user.pk}"
    assert every in page
    assert chief.get(every).status_code == 200
