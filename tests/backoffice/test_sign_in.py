"""Getting into the admin. What could go wrong: a password is enough, a code counts twice, a
stranger's page is where one ends up, an old session lives on, a guesser goes on guessing, an
operator is locked out for good, a secret is shown."""

import logging
import re
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import hotp
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django.fixtures import Settings

from accounts.models import User
from backoffice.second_factor import begin_enrolment, enrol, new_recovery_codes

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
ASK, ENROL, HOME = "/admin/second-factor/", "/admin/second-factor/enrol/", "/admin/"


@pytest.fixture(autouse=True)
def _ask_for_it(settings: Settings) -> None:
    settings.ADMIN_REQUIRE_OTP = True


@pytest.fixture
def chief() -> User:
    return User.objects.create_superuser("chief", PASSWORD)


@pytest.fixture
def device(chief: User) -> TOTPDevice:
    """One that has been enrolled, with a code of the step before."""
    waiting = begin_enrolment(user=chief)
    made = enrol(user=chief, code=code_of(waiting, steps=-1))
    assert made is not None
    return made


def code_of(device: TOTPDevice, *, steps: int = 0) -> str:
    """As an authenticator shows it now, or so many half minutes later."""
    return f"{hotp(device.bin_key, int(time.time()) // device.step + steps):06d}"


def sign_in(
    client: Client, *, name: str = "chief", password: str = PASSWORD, address: str = "127.0.0.1"
) -> str:
    """Where one ends up."""
    form = {"username": name, "password": password, "next": HOME}
    answer = client.post("/admin/login/", form, follow=True, REMOTE_ADDR=address)
    return str(answer.redirect_chain[-1][0]) if answer.redirect_chain else ""


def test_the_first_sign_in_ends_at_the_enrolment_and_the_next_at_the_question(
    client: Client, chief: User
) -> None:
    assert sign_in(client).startswith(ENROL)
    page = client.get(ENROL).content.decode()
    waiting = TOTPDevice.objects.get()
    assert 'src="/admin/second-factor/enrol.svg"' in page
    assert client.get("/admin/second-factor/enrol.svg").content.startswith(b"<?xml")
    assert client.post(ENROL, {"code": "000000"}).status_code == 200
    assert client.get(HOME).status_code == 302
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    codes = re.findall(r"<li><code>(\w+)</code>", _post(client, ENROL, code_of(waiting)))
    assert len(set(codes)) == 10
    assert client.get(HOME).status_code == 200
    again = Client()
    assert sign_in(again).startswith(ASK)
    assert again.get(HOME).status_code == 302
    assert again.post(ASK, {"code": codes[3]}).status_code == 302
    assert again.get(HOME).status_code == 200
    assert StaticToken.objects.count() == 9


def _post(client: Client, address: str, code: str) -> str:
    return client.post(address, {"code": code}).content.decode()


def test_a_code_counts_once(client: Client, device: TOTPDevice) -> None:
    other = Client()
    for browser in (client, other):
        sign_in(browser)
    code = code_of(device)
    assert client.post(ASK, {"code": code}).status_code == 302
    assert "not right, or was used" in _post(other, ASK, code)
    assert other.get(HOME).status_code == 302


def test_after_a_wrong_code_even_the_right_one_waits(client: Client, device: TOTPDevice) -> None:
    sign_in(client)
    assert "not right" in _post(client, ASK, "000000")
    assert "not right" in _post(client, ASK, code_of(device))
    long_ago = timezone.now() - timedelta(minutes=1)
    TOTPDevice.objects.update(throttling_failure_timestamp=long_ago)
    assert client.post(ASK, {"code": code_of(device)}).status_code == 302


def test_a_password_alone_neither_replaces_an_authenticator_nor_makes_codes(
    client: Client, device: TOTPDevice
) -> None:
    sign_in(client)
    assert client.get(ENROL).headers["Location"].startswith(ASK)
    assert client.post(ENROL, {"code": "1"}).headers["Location"].startswith(ASK)
    assert client.get("/admin/second-factor/enrol.svg").status_code == 302
    assert client.post("/admin/second-factor/codes/").headers["Location"] == ASK
    assert not StaticDevice.objects.exists()
    assert TOTPDevice.objects.get() == device


def test_half_way_one_can_leave(client: Client, device: TOTPDevice) -> None:
    sign_in(client)
    assert 'action="/admin/second-factor/leave/"' in client.get(ASK).content.decode()
    assert client.post("/admin/second-factor/leave/").headers["Location"] == "/admin/login/"
    assert "/admin/login/" in client.get(ASK).headers["Location"]


def test_somebody_elses_code_is_none(client: Client, device: TOTPDevice) -> None:
    other = User.objects.create_superuser("other", PASSWORD)
    new_recovery_codes(user=other)
    sign_in(client)
    assert "not right" in _post(client, ASK, StaticToken.objects.all()[0].token)


def test_a_sign_in_goes_on_to_our_pages_only(client: Client, device: TOTPDevice) -> None:
    sign_in(client)
    form = {"code": code_of(device), "next": "https://evil.example/"}
    assert client.post(ASK, form).headers["Location"] == HOME
    assert client.get(f"{ASK}?next=/admin/nft/tier/").headers["Location"] == "/admin/nft/tier/"


def test_members_see_none_of_it(client: Client) -> None:
    client.force_login(User.objects.create_user("1" * 32))
    for address in (ASK, ENROL, "/admin/second-factor/enrol.svg", HOME, "/admin/streams/"):
        assert "/admin/login/" in client.get(address).headers["Location"]
    assert not TOTPDevice.objects.exists()


def test_no_page_of_the_admin_shows_a_secret(client: Client, device: TOTPDevice) -> None:
    sign_in(client)
    codes = new_recovery_codes(user=device.user)
    client.post(ASK, {"code": code_of(device)})
    pages = [client.get(f"/admin/{kind}/").content.decode()
             for kind in ("otp_totp/totpdevice", "otp_static/staticdevice")]  # fmt: skip
    pages.append(client.get(f"/admin/otp_totp/totpdevice/{device.pk}/change/").content.decode())
    pages.append(
        client.get(f"/admin/otp_static/staticdevice/{StaticDevice.objects.get().pk}/change/")
        .content.decode()
    )  # fmt: skip
    assert "chief" in pages[0]
    assert not [s for s in [device.key, *codes] if s in "".join(pages)]
    assert client.get(f"/admin/otp_totp/totpdevice/{device.pk}/config/").status_code != 200


def test_a_lost_second_factor_is_reset_and_its_sessions_have_to_show_one_again(
    client: Client, device: TOTPDevice
) -> None:
    sign_in(client)
    client.post(ASK, {"code": code_of(device)})
    assert client.get(HOME).status_code == 200
    out = StringIO()
    call_command("reset_second_factor", "chief", stdout=out)
    assert "Forgotten." in out.getvalue()
    assert client.get(HOME, follow=True).redirect_chain[-1][0].startswith(ENROL)
    assert not TOTPDevice.objects.filter(confirmed=True).exists()
    for _ in range(2):
        call_command("reset_second_factor", "chief", stdout=out)
    assert "There was none." in out.getvalue()
    with pytest.raises(CommandError, match="Nobody of the staff"):
        call_command("reset_second_factor", "nobody", stdout=out)


def test_a_session_ends_when_it_idles_and_at_its_age(
    client: Client, chief: User, settings: Settings
) -> None:
    settings.ADMIN_REQUIRE_OTP = False
    sign_in(client)

    def lasts() -> timedelta:
        return Session.objects.get().expire_date - timezone.now()

    assert timedelta(minutes=29) < lasts() <= timedelta(minutes=30)
    settings.ADMIN_SESSION_IDLE = timedelta(hours=2)
    client.get(HOME, headers={"Sec-Fetch-Mode": "cors"})  # as a script polls
    assert lasts() <= timedelta(minutes=30)
    client.get(HOME)
    assert timedelta(minutes=119) < lasts() <= timedelta(hours=2)
    settings.ADMIN_SESSION_AGE = timedelta(minutes=5)
    client.get(HOME)
    assert lasts() <= timedelta(minutes=5)
    Session.objects.update(expire_date=timezone.now())
    assert "/admin/login/" in client.get(HOME).headers["Location"]


def test_a_guesser_waits_and_the_operator_gets_in_from_elsewhere(
    client: Client, chief: User, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings.AXES_FAILURE_LIMIT = 3
    form = {"username": "chief", "password": "open sesame"}
    statuses = [client.post("/admin/login/", form).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    refused = client.post("/admin/login/", form | {"password": PASSWORD})
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "900"
    assert "Try again in" in refused.content.decode()
    assert sign_in(Client(), address="192.0.2.7").startswith(ENROL)
    settings.AXES_COOLOFF_TIME = timedelta(0)
    assert sign_in(client).startswith(ENROL)
    assert "open sesame" not in caplog.text
    assert PASSWORD not in caplog.text


def test_the_address_is_the_clients_behind_our_proxy_and_nobody_makes_one_up(
    client: Client, chief: User, settings: Settings
) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    form = {"username": "chief", "password": "wrong"}
    for made_up in ("198.51.100.1", "198.51.100.2"):
        chain = f"{made_up}, 203.0.113.9"
        last = client.post("/admin/login/", form, headers={"X-Forwarded-For": chain})
    assert last.status_code == 429
    other = client.post("/admin/login/", form, headers={"X-Forwarded-For": "203.0.113.10"})
    assert other.status_code == 200


def test_the_demo_asks_for_no_code_and_says_so(
    client: Client, chief: User, settings: Settings
) -> None:
    settings.ADMIN_REQUIRE_OTP = False
    assert sign_in(client) == HOME
    assert "No second factor" in client.get(HOME).content.decode()
