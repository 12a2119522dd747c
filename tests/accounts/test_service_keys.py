"""Keys of other services, and who may do what."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from accounts.models import ServiceKey, User
from accounts.services import create_service_key
from core.errors import InvalidInput
from tests.accounts.conftest import Wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def service_urls(settings) -> None:
    settings.ROOT_URLCONF = "tests.accounts.service_urls"


def make_key(*scopes: str, **more: Any) -> tuple[ServiceKey, str]:
    return create_service_key(
        name="exchange", scopes=scopes or ["trades:write"], now=timezone.now(), **more
    )


def call(client: Client, readable: str, path: str = "/trades") -> Any:
    return client.get(path, headers={"Authorization": f"Api-Key {readable}"})


@pytest.mark.usefixtures("service_urls")
def test_a_key_opens_what_its_scope_covers(client: Client) -> None:
    key, readable = make_key()
    assert call(client, readable).json() == {"caller": f"key:{key.id}"}


@pytest.mark.usefixtures("service_urls")
def test_a_key_without_the_scope_is_not_allowed(client: Client) -> None:
    response = call(client, make_key("badges:award")[1])
    assert response.status_code == 403
    assert "trades:write" in response.json()["message"]


@pytest.mark.usefixtures("service_urls")
def test_a_key_is_not_a_person(client: Client) -> None:
    _, readable = make_key()
    assert call(client, readable, "/admins").status_code == 401
    assert call(client, readable, "/open").json()["error_code"] == "NOT_SIGNED_IN"


def test_a_person_is_not_a_service(wallet: Wallet, settings) -> None:
    access = wallet.sign_in()["access"]
    settings.ROOT_URLCONF = "tests.accounts.service_urls"
    headers = {"Authorization": f"Bearer {access}"}
    assert wallet.client.get("/trades", headers=headers).status_code == 403
    caller = wallet.client.get("/open", headers=headers).json()["caller"]
    assert caller == f"user:{User.objects.get().id}"


@pytest.mark.usefixtures("service_urls")
def test_no_key_is_asked_for_one(client: Client) -> None:
    response = client.get("/trades")
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Api-Key")


@pytest.mark.usefixtures("service_urls")
@pytest.mark.parametrize("change", ["", "x", "aiw3_", "aiw3_\x00_x", "{0}0", "other_{1}"])
def test_a_wrong_key_is_refused(client: Client, change: str) -> None:
    _, readable = make_key()
    response = call(client, change.format(readable, readable.removeprefix("aiw3_")))
    assert response.status_code == 401
    assert response.json()["error_code"] == "API_KEY_INVALID"
    assert response["WWW-Authenticate"].startswith("Api-Key")


@pytest.mark.usefixtures("service_urls")
@pytest.mark.parametrize("field", ["is_active", "expires_at", "secret_hash"])
def test_a_key_that_was_switched_off_expired_or_replaced_is_refused(
    client: Client, field: str
) -> None:
    values = {"is_active": False, "expires_at": timezone.now(), "secret_hash": "0" * 64}
    _, readable = make_key()
    ServiceKey.objects.update(**{field: values[field]})
    assert call(client, readable).status_code == 401


@pytest.mark.usefixtures("service_urls")
def test_a_key_works_until_it_expires(client: Client) -> None:
    _, readable = make_key(expires_at=timezone.now() + timedelta(minutes=1))
    assert call(client, readable).status_code == 200


@pytest.mark.usefixtures("service_urls")
def test_the_last_use_is_noted_once_a_minute(client: Client) -> None:
    _, readable = make_key()
    call(client, readable)
    first = ServiceKey.objects.get().last_used_at
    assert first is not None
    call(client, readable)
    assert ServiceKey.objects.get().last_used_at == first
    ServiceKey.objects.update(last_used_at=first - timedelta(minutes=2))
    call(client, readable)
    assert ServiceKey.objects.get(last_used_at__gt=first)


def test_the_secret_is_stored_nowhere() -> None:
    key, readable = make_key()
    secret = readable.rsplit("_", 1)[1]
    assert len(secret) == 64
    assert secret not in str(ServiceKey.objects.values().get())
    assert secret not in repr(key)


def test_a_key_needs_known_scopes_and_a_free_name() -> None:
    for scopes in (["root"], []):
        with pytest.raises(InvalidInput, match="scopes"):
            create_service_key(name="x", scopes=scopes, now=timezone.now())
    make_key()
    with pytest.raises(InvalidInput, match="exchange"):
        make_key()


@pytest.mark.parametrize("scopes", [["root"], []])
def test_the_database_refuses_unknown_scopes(scopes: list[str]) -> None:
    make_key()
    with pytest.raises(IntegrityError):
        ServiceKey.objects.update(scopes=scopes)


def test_the_command_prints_the_key_once(client: Client, settings) -> None:
    out = StringIO()
    arguments = ["exchange", "--scope", "trades:write", "--scope", "badges:award", "--days", "30"]
    call_command("create_service_key", *arguments, stdout=out)
    readable = out.getvalue().strip()
    settings.ROOT_URLCONF = "tests.accounts.service_urls"
    assert call(client, readable).status_code == 200
    key = ServiceKey.objects.get()
    assert key.scopes == ["badges:award", "trades:write"]
    assert key.expires_at is not None
    with pytest.raises(CommandError, match="already"):
        call_command("create_service_key", *arguments, stdout=out)


@pytest.mark.usefixtures("service_urls")
def test_only_staff_read_for_admins(client: Client) -> None:
    client.force_login(User.objects.create_user("1" * 32))
    assert client.get("/admins").status_code == 403
    client.force_login(User.objects.create_superuser("root", "a long passphrase"))
    assert client.get("/admins").status_code == 200
