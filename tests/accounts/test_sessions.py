"""Refreshing, signing out, and tokens that stop working."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.models import LoginSession, User
from accounts.services import ended_sessions, refresh_tokens
from tests.accounts.conftest import Wallet, at_once

pytestmark = pytest.mark.django_db
REASON = LoginSession.EndReason


def code_of(response) -> tuple[int, str]:
    return response.status_code, response.json()["error_code"]


def test_a_refresh_gives_a_new_pair_of_the_same_session(wallet: Wallet) -> None:
    first = wallet.sign_in()
    second = wallet.post("refresh", {"refresh": first["refresh"]})
    assert second.status_code == 200
    assert wallet.me(second.json()["access"]).status_code == 200
    assert wallet.post("refresh", {"refresh": second.json()["refresh"]}).status_code == 200
    assert LoginSession.objects.count() == 1


def test_a_refresh_token_that_comes_back_ends_the_whole_session(wallet: Wallet) -> None:
    stolen = wallet.sign_in()
    elsewhere = wallet.sign_in()
    fresh = wallet.post("refresh", {"refresh": stolen["refresh"]}).json()
    assert code_of(wallet.post("refresh", {"refresh": stolen["refresh"]})) == (
        401,
        "REFRESH_REUSED",
    )
    assert code_of(wallet.me(fresh["access"])) == (401, "SESSION_ENDED")
    assert code_of(wallet.post("refresh", {"refresh": fresh["refresh"]})) == (401, "SESSION_ENDED")
    assert wallet.me(elsewhere["access"]).status_code == 200
    assert LoginSession.objects.get(ended_at__isnull=False).end_reason == REASON.REFRESH_REUSED


@pytest.mark.django_db(transaction=True)
def test_of_many_refreshes_at_once_at_most_one_succeeds(wallet: Wallet) -> None:
    token = wallet.sign_in()["refresh"]
    answers = at_once(12, lambda _: wallet.post("refresh", {"refresh": token}))
    assert [a.status_code for a in answers].count(200) == 1
    assert LoginSession.objects.get().end_reason == REASON.REFRESH_REUSED


def test_a_refresh_token_opens_no_door_and_an_access_token_refreshes_nothing(
    wallet: Wallet,
) -> None:
    tokens = wallet.sign_in()
    assert code_of(wallet.me(tokens["refresh"])) == (401, "TOKEN_INVALID")
    assert code_of(wallet.post("refresh", {"refresh": tokens["access"]})) == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "x y z"])
def test_garbage_is_not_a_token(wallet: Wallet, token: str) -> None:
    response = wallet.client.get("/api/v1/user/me", headers={"Authorization": f"Bearer {token}"})
    assert code_of(response) == (401, "TOKEN_INVALID")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_token_that_we_did_not_sign_is_refused(wallet: Wallet) -> None:
    head, body, signature = wallet.sign_in()["access"].split(".")
    other = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    assert code_of(wallet.me(f"{head}.{body}.{other}")) == (401, "TOKEN_INVALID")


def test_an_expired_access_token_says_so(wallet: Wallet) -> None:
    token = AccessToken(wallet.sign_in()["access"])
    token.set_exp(from_time=timezone.now() - timedelta(hours=1), lifetime=timedelta(minutes=15))
    assert code_of(wallet.me(str(token))) == (401, "TOKEN_EXPIRED")


def test_a_session_ends_by_itself(wallet: Wallet) -> None:
    tokens = wallet.sign_in()
    LoginSession.objects.update(expires_at=timezone.now())
    assert code_of(wallet.me(tokens["access"])) == (401, "SESSION_ENDED")
    assert code_of(wallet.post("refresh", {"refresh": tokens["refresh"]})) == (401, "SESSION_ENDED")


def test_a_token_without_a_session_is_refused(wallet: Wallet) -> None:
    assert code_of(wallet.post("refresh", {"refresh": str(RefreshToken())})) == (
        401,
        "SESSION_ENDED",
    )


def test_closing_the_account_stops_its_tokens_at_once(wallet: Wallet) -> None:
    tokens = wallet.sign_in()
    User.objects.update(is_active=False)
    assert code_of(wallet.me(tokens["access"])) == (401, "USER_INACTIVE")
    assert code_of(wallet.post("refresh", {"refresh": tokens["refresh"]})) == (401, "USER_INACTIVE")


def test_nobody_is_asked_to_sign_in(client: Client) -> None:
    response = client.get("/api/v1/user/me")
    assert code_of(response) == (401, "NOT_SIGNED_IN")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_checking_a_token_costs_one_query(wallet: Wallet, django_assert_num_queries) -> None:
    access = wallet.sign_in()["access"]
    with django_assert_num_queries(2):  # the session with its user; the groups shown
        wallet.me(access)


@pytest.mark.parametrize("by", ["access", "refresh"])
def test_signing_out_stops_every_token_of_that_session_only(wallet: Wallet, by: str) -> None:
    here, elsewhere = wallet.sign_in(), wallet.sign_in()
    body = {"refresh": here["refresh"]} if by == "refresh" else {}
    answer = wallet.post("logout", body, access=here["access"] if by == "access" else None)
    assert answer.status_code == 204
    assert code_of(wallet.me(here["access"])) == (401, "SESSION_ENDED")
    assert code_of(wallet.post("refresh", {"refresh": here["refresh"]})) == (401, "SESSION_ENDED")
    assert wallet.me(elsewhere["access"]).status_code == 200


def test_nobody_cannot_sign_out(client: Client) -> None:
    response = client.post("/api/auth/logout", {}, content_type="application/json")
    assert code_of(response) == (401, "NOT_SIGNED_IN")


def test_signing_out_twice_with_the_refresh_token_is_harmless(wallet: Wallet) -> None:
    refresh = wallet.sign_in()["refresh"]
    assert wallet.post("logout", {"refresh": refresh}).status_code == 204
    ended_at = LoginSession.objects.get().ended_at
    assert wallet.post("logout", {"refresh": refresh}).status_code == 204
    assert LoginSession.objects.get().ended_at == ended_at


def test_login_opens_a_browser_session_with_a_new_key(wallet: Wallet) -> None:
    wallet.client.cookies["sessionid"] = "a" * 32  # planted by somebody
    wallet.sign_in("login")
    assert wallet.client.cookies["sessionid"].value != "a" * 32
    assert wallet.client.cookies["sessionid"]["samesite"] == "Lax"
    assert wallet.me().json()["walletAddress"] == wallet.address


def test_login_again_makes_a_new_session_and_ends_the_one_before(wallet: Wallet) -> None:
    tokens = wallet.sign_in("login")
    first = wallet.client.cookies["sessionid"].value
    wallet.sign_in("login")
    assert wallet.client.cookies["sessionid"].value != first
    assert not Session.objects.filter(session_key=first).exists()
    assert code_of(wallet.me(tokens["access"])) == (401, "SESSION_ENDED")
    assert wallet.me().status_code == 200


def test_a_message_of_the_attackers_browser_does_not_log_a_victims_browser_in(
    new_wallet: Callable[[], Wallet],
) -> None:
    attacker, victim = new_wallet(), new_wallet()
    signed = attacker.sign(attacker.nonce()["message"])
    assert code_of(victim.post("login", signed)) == (401, "OTHER_BROWSER")
    victim.nonce()
    assert code_of(victim.post("login", signed)) == (401, "OTHER_BROWSER")
    assert "sessionid" not in victim.client.cookies
    assert attacker.post("login", signed).status_code == 200


def test_the_binding_cookie_is_hidden_from_scripts_and_shared_by_tabs(wallet: Wallet) -> None:
    first = wallet.nonce()
    cookie = wallet.client.cookies["siws_browser"]
    assert cookie["httponly"]
    assert cookie["path"] == "/api/auth/"
    wallet.nonce()
    assert wallet.post("login", wallet.sign(first["message"])).status_code == 200


def test_signing_out_of_the_browser_ends_its_session_and_tokens(wallet: Wallet) -> None:
    tokens = wallet.sign_in("login")
    assert wallet.post("logout", {}).status_code == 204
    assert code_of(wallet.me()) == (401, "NOT_SIGNED_IN")
    assert code_of(wallet.me(tokens["access"])) == (401, "SESSION_ENDED")
    assert not Session.objects.exists()


def test_a_stolen_refresh_token_ends_the_browser_session_too(wallet: Wallet) -> None:
    tokens = wallet.sign_in("login")
    for _ in range(2):
        wallet.post("refresh", {"refresh": tokens["refresh"]})
    assert code_of(wallet.me()) == (401, "NOT_SIGNED_IN")


def test_a_browser_session_needs_the_csrf_token_to_change_anything(wallet: Wallet) -> None:
    wallet.client = Client(enforce_csrf_checks=True)
    wallet.sign_in("login")
    refused = wallet.post("stream-ticket", {})
    assert code_of(refused) == (403, "NOT_ALLOWED")
    assert code_of(wallet.post("logout", {})) == (403, "NOT_ALLOWED")
    token = wallet.client.cookies["csrftoken"].value
    allowed = wallet.client.post(
        "/api/auth/stream-ticket",
        content_type="application/json",
        headers={"X-CSRFToken": token},
    )
    assert allowed.status_code == 200


def test_a_bearer_token_needs_no_csrf_token_and_no_content_type(wallet: Wallet) -> None:
    wallet.client = Client(enforce_csrf_checks=True)
    access = wallet.sign_in()["access"]
    response = wallet.client.post(
        "/api/auth/logout",
        "{}",
        content_type="text/plain",
        headers={"Authorization": f"Bearer {access}"},
    )
    assert response.status_code == 204


def test_staff_who_came_by_password_can_sign_out(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", "a long passphrase"))
    assert client.get("/api/v1/user/me").json()["walletAddress"] is None
    assert client.post("/api/auth/logout", content_type="application/json").status_code == 204
    assert client.get("/api/v1/user/me").status_code == 401


def test_ended_sessions_are_found_in_one_query(wallet: Wallet, django_assert_num_queries) -> None:
    wallet.sign_in()
    wallet.post("logout", {}, access=wallet.sign_in()["access"])
    live = LoginSession.objects.get(ended_at__isnull=True)
    gone = LoginSession.objects.get(ended_at__isnull=False)
    with django_assert_num_queries(1):
        ended = ended_sessions(session_ids=[live.id, gone.id], now=timezone.now())
    assert ended == {gone.id}
    later = timezone.now() + timedelta(days=14)
    assert ended_sessions(session_ids=[live.id], now=later) == {live.id}


def test_tokens_do_not_show_in_a_repr(wallet: Wallet) -> None:
    tokens = refresh_tokens(refresh=wallet.sign_in()["refresh"], now=timezone.now())
    assert tokens.access not in repr(tokens)
    assert tokens.refresh not in repr([tokens])
