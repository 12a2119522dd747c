"""Users, their roles, the admin, and the clearing away of old rows."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import LoginSession, ServiceKey, SignInNonce, StreamTicket, User
from accounts.services import create_service_key, get_or_create_user
from accounts.tasks import purge_expired_rows
from core.ids import uuid7
from core.models import IdempotencyKey
from tests.accounts.conftest import Wallet

pytestmark = pytest.mark.django_db
TABLES = ["user", "signinnonce", "loginsession", "streamticket", "servicekey"]


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", "a long passphrase"))
    return client


def test_the_roles_exist_and_show(wallet: Wallet) -> None:
    migration = import_module("accounts.migrations.0003_roles")
    for _ in range(2):
        migration.create_roles(apps, None)
    access = wallet.sign_in()["access"]
    assert set(migration.ROLES) == {"operator", "auditor", "support"}
    User.objects.get().groups.set(Group.objects.filter(name__in=["support", "auditor"]))
    assert wallet.me(access).json()["roles"] == ["auditor", "support"]


def test_a_user_is_named_by_wallet_or_name() -> None:
    user = get_or_create_user(wallet_address="1" * 32)
    assert str(user) == "1" * 32
    assert not user.is_admin_reader
    assert not user.has_usable_password()
    staff = User.objects.create_superuser("root", "a long passphrase")
    assert str(staff) == "root"
    assert staff.is_admin_reader
    assert User.objects.create_user("1" * 31 + "2").has_usable_password() is False


def test_every_table_opens_in_the_admin_and_shows_no_secret(root: Client, wallet: Wallet) -> None:
    tokens = wallet.sign_in("login")
    wallet.post("stream-ticket", {}, access=tokens["access"])
    create_service_key(name="exchange", scopes=["trades:write"], now=timezone.now())
    secrets = [
        ServiceKey.objects.get().secret_hash,
        StreamTicket.objects.get().ticket_hash,
        SignInNonce.objects.get().nonce,
        LoginSession.objects.get().refresh_jti,
        LoginSession.objects.get().browser_session_key,
    ]
    for model in TABLES:
        listing = f"/admin/accounts/{model}/"
        row = apps.get_model("accounts", model).objects.first()
        pages = [root.get(f"{listing}?q=1"), root.get(listing)]
        pages.append(root.get(f"{listing}{row.pk}/change/"))
        assert [page.status_code for page in pages] == [200, 200, 200]
        if model != "signinnonce":  # whose primary key, long used up, is in the address
            assert not [s for s in secrets if s in "".join(p.content.decode() for p in pages)]
        assert root.get(f"{listing}add/").status_code == 403


def test_states_cannot_be_edited_in_the_admin(root: Client, wallet: Wallet) -> None:
    wallet.sign_in()
    session = LoginSession.objects.get()
    address = f"/admin/accounts/loginsession/{session.pk}/"
    assert root.post(f"{address}change/", {"end_reason": "revoked"}).status_code == 403
    assert root.post(f"{address}delete/", {"post": "yes"}).status_code == 403


def test_staff_revoke_a_session_in_the_admin(root: Client, wallet: Wallet) -> None:
    access = wallet.sign_in()["access"]
    session = LoginSession.objects.get()
    chosen = {"action": "revoke", "_selected_action": session.pk}
    assert b"Sign these sessions out?" in root.post("/admin/accounts/loginsession/", chosen).content
    assert wallet.me(access).status_code == 200
    sure = {"confirmed": "1", "reason": "lost phone"}
    root.post("/admin/accounts/loginsession/", chosen | sure)
    session.refresh_from_db()
    assert session.end_reason == "revoked"
    assert wallet.me(access).json()["error_code"] == "SESSION_ENDED"


def test_only_a_superuser_gives_powers_away(client: Client) -> None:
    clerk = User(username="clerk", is_staff=True)
    clerk.set_password("a long passphrase")
    clerk.save()
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    client.force_login(clerk)
    member = get_or_create_user(wallet_address="1" * 32)
    form = {"username": "friend", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    form["reason"] = "a new name"
    assert client.post(f"/admin/accounts/user/{member.pk}/change/", form).status_code == 302
    member.refresh_from_db()
    assert (member.username, member.is_staff, member.is_superuser) == ("friend", False, False)
    assert client.post(f"/admin/accounts/user/{clerk.pk}/change/", form).status_code == 403


def test_old_rows_are_cleared_away_and_live_ones_stay(wallet: Wallet) -> None:
    tokens = wallet.sign_in("login")
    wallet.post("stream-ticket", {}, access=tokens["access"])
    now = timezone.now()
    IdempotencyKey.objects.create(
        scope="user:1", route="upgrade", key="k", request_hash="0", claim=uuid7(),
        claimed_until=now, created_at=now, expires_at=now + timedelta(hours=24),
    )  # fmt: skip
    purge_expired_rows()
    tables = (SignInNonce, LoginSession, StreamTicket, Session, IdempotencyKey)
    assert [table.objects.count() for table in tables] == [1, 1, 1, 1, 1]
    long_ago = timezone.now() - timedelta(days=40)
    SignInNonce.objects.update(expires_at=long_ago)
    LoginSession.objects.update(expires_at=long_ago)
    Session.objects.update(expire_date=long_ago)
    IdempotencyKey.objects.update(expires_at=long_ago)
    purge_expired_rows()
    assert [table.objects.count() for table in tables] == [0, 0, 0, 0, 0]
