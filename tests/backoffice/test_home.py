"""Home says what needs a person, to whom it may, and only while it does."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import get_or_create_user
from audit.models import Anchor, Pending
from backoffice.attention import LOOKS, Level, concerns
from backoffice.roles import keep_roles
from core.ids import uuid7
from events.models import DeadLetter, Event, GroupCursor, ReplayOrder
from events.sequencer import number_pending
from nft.models import MintOrder, NftHolding, NftStatus, UpgradeStatus
from nft.services.authority import record_balance
from nft.services.seeding import seed_ladder
from notifications.models import Channel, Delivery, DeliveryStatus, Provider, Purpose
from tests.badges.parts import award, define
from tests.nft.conftest import make_nft, make_user, new_address
from tests.nft.test_stuck import BOUND, upgrade_that_is

pytestmark = pytest.mark.django_db

AUTHORITY = str(settings.MINT_AUTHORITY.pubkey())


def texts() -> list[str]:
    return [concern.text for concern in concerns(now=timezone.now())]


def let_everything_go_wrong() -> None:
    now = timezone.now()
    seed_ladder()
    upgrade_that_is(UpgradeStatus.NEEDS_REVIEW, since=now)
    upgrade_that_is(UpgradeStatus.CLOSING, since=now - 2 * BOUND)
    minting = make_nft(make_user(), 1, status=NftStatus.MINTING)
    type(minting).objects.filter(id=minting.id).update(created_at=now - 2 * BOUND)
    MintOrder.objects.create(
        purpose="unlock-mint:v1", request_id=minting.id, user_id=minting.user_id, terms={},
        wallet_address=new_address(), key_version=1, nonce=MintOrder.new_nonce(),
        mint_address=minting.mint_address, status="minting",
    )  # fmt: skip
    held = make_nft(make_user(), 1)
    NftHolding.objects.create(
        nft=held, wallet=new_address(), token_account=new_address(), trouble="nowhere"
    )
    an_hour_ago = now - timedelta(hours=1)
    record_balance(address=AUTHORITY, lamports=1_000_000, now=an_hour_ago)
    DeadLetter.objects.create(group="g", event_id=uuid7(), position=1, type="t", error="e")
    GroupCursor.objects.create(name="realtime", stopped_at=now, stop_reason="100 dead letters")
    ReplayOrder.objects.create(group="earning", into="swap", asked_by="chief")
    define("whale")
    award(get_or_create_user(wallet_address=new_address()), "whale")
    Event.objects.update(created_at=an_hour_ago)
    let_messages_and_audit_wait(an_hour_ago)


def let_messages_and_audit_wait(since: datetime) -> None:
    now = timezone.now()
    Provider.objects.create(name="email", failures=3, paused_until=now + timedelta(minutes=5))
    for status in (DeliveryStatus.DEAD, DeliveryStatus.WAITING):
        Delivery.objects.create(
            purpose=Purpose.VERIFICATION, user_id=uuid7(), channel=Channel.EMAIL, status=status,
            target=status, created_at=since, next_run_at=since, expires_at=now,
        )  # fmt: skip
    Pending.objects.update(noted_at=since)  # what the triggers have noted so far
    Anchor.objects.create(size=1, memo="m", created_at=since - timedelta(minutes=1))


def test_a_calm_day_needs_nobody(client: Client) -> None:
    Pending.objects.update(noted_at=timezone.now())  # by migrations, however long ago they ran
    assert texts() == []
    client.force_login(User.objects.create_superuser("chief", "a long enough password"))
    assert "Nothing needs you now." in client.get("/admin/").content.decode()


def test_everything_that_needs_a_person_is_said_the_loudest_first(client: Client) -> None:
    let_everything_go_wrong()
    said = texts()
    for text in (
        "1 upgrade waits for a decision",
        "1 upgrade is stuck",
        "1 first NFT is minting for too long",
        "The mint authority has only 0.0010 SOL",
        "The mint authority's balance was not read for over ten minutes",
        "1 dead letter waits",
        "Group realtime is stopped",
        "1 NFT is where no transaction leads",
        "1 replay is under way",
        "Messages to email wait: it did not answer 3 times",
        "1 message was given up since yesterday",
        "1 message should have gone out",
        "The audit log is 60 min behind",
        "No audit checkpoint is on the chain for 61 min",
    ):
        assert text in said
    assert any("unnumbered" in text for text in said)
    levels = [concern.level for concern in concerns(now=timezone.now())]
    assert levels == sorted(levels, key=lambda level: level is not Level.BAD)
    client.force_login(User.objects.create_superuser("chief", "a long enough password"))
    page = client.get("/admin/").content.decode()
    part = client.get(reverse("admin:attention"))
    for concern in concerns(now=timezone.now()):
        assert client.get(concern.link).status_code == 200
        assert concern.link.replace("&", "&amp;") in page
        assert "No results" not in client.get(concern.link).content.decode(), concern.text
        assert concern.link.replace("&", "&amp;") in part.content.decode()
    assert "<script" not in part.content.decode()
    assert part.headers["Cache-Control"].startswith("max-age=0")


def test_a_group_that_is_behind_is_said_with_its_lag() -> None:
    define("whale")
    award(get_or_create_user(wallet_address=new_address()), "whale")
    number_pending()
    Event.objects.update(created_at=timezone.now() - timedelta(hours=1))
    GroupCursor.objects.create(name="realtime")
    assert any(text.startswith("Group realtime is 1 events, 36") for text in texts())
    GroupCursor.objects.update(position=1)
    assert not any(text.startswith("Group realtime") for text in texts())


def test_each_sees_what_they_may(client: Client) -> None:
    let_everything_go_wrong()
    keep_roles()
    person = User.objects.create(username="person", is_staff=True)
    person.groups.set(Group.objects.filter(name="support"))
    client.force_login(person)
    page = client.get("/admin/").content.decode()
    assert "1 upgrade is stuck" in page
    assert "dead letter" not in page


def test_every_concern_names_a_permission_that_exists() -> None:
    let_everything_go_wrong()
    codes = {concern.permission.split(".")[1] for concern in concerns(now=timezone.now())}
    assert Permission.objects.filter(codename__in=codes).count() >= len(codes)
    assert len(LOOKS) == len(set(LOOKS))
