"""Signing in with a wallet: `nonce` and `verify`."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from solders.keypair import Keypair

from accounts.models import LoginSession, SignInNonce, User
from accounts.services import issue_nonce
from accounts.services.sign_in import LIVE_NONCES_PER_REQUESTER
from tests.accounts.conftest import Wallet, at_once

pytestmark = pytest.mark.django_db


def test_a_signed_message_gives_a_bearer_token_that_works(wallet: Wallet) -> None:
    signed_in = wallet.sign_in()
    me = wallet.me(signed_in["access"])
    assert me.status_code == 200
    expected = {"id": signed_in["user"]["id"], "walletAddress": wallet.address, "roles": []}
    assert me.json() == expected


def test_signing_in_again_is_the_same_user(wallet: Wallet) -> None:
    assert wallet.sign_in()["user"] == wallet.sign_in()["user"]
    assert User.objects.count() == 1


def test_the_message_is_the_whole_sign_in_with_solana_text(wallet: Wallet, settings) -> None:
    settings.SIWS_DOMAIN, settings.SIWS_URI = "nft.example", "https://nft.example"
    issued = wallet.nonce()
    lines = issued["message"].split("\n")
    assert lines[0] == "nft.example wants you to sign in with your Solana account:"
    assert lines[1] == wallet.address
    assert lines[5:8] == ["URI: https://nft.example", "Version: 1", "Chain ID: localnet"]
    assert lines[8] == f"Nonce: {issued['nonce']}"
    expires = datetime.fromisoformat(lines[10].removeprefix("Expiration Time: "))
    assert expires == datetime.fromisoformat(issued["expiresAt"])
    issued_at = datetime.fromisoformat(lines[9].removeprefix("Issued At: "))
    assert expires - issued_at == timedelta(minutes=5)


def test_the_domain_is_never_taken_from_the_host_header(client: Client, wallet: Wallet) -> None:
    response = client.get(f"/api/auth/nonce/{wallet.address}", headers={"Host": "localhost"})
    assert response.json()["message"].startswith("127.0.0.1:8000 wants you")


def test_no_cache_keeps_a_nonce_or_a_token(wallet: Wallet) -> None:
    response = wallet.client.get(f"/api/auth/nonce/{wallet.address}")
    assert response["Cache-Control"] == "no-store"
    response = wallet.post("verify", wallet.sign(response.json()["message"]))
    assert response["Cache-Control"] == "no-store"


def test_several_nonces_of_an_address_live_side_by_side(wallet: Wallet) -> None:
    first, second = wallet.nonce(), wallet.nonce()
    for issued in (second, first):
        assert wallet.post("verify", wallet.sign(issued["message"])).status_code == 200


def test_one_requester_cannot_pile_up_nonces_nor_push_out_those_of_others(wallet: Wallet) -> None:
    mine = wallet.nonce()
    for _ in range(LIVE_NONCES_PER_REQUESTER + 5):
        issue_nonce(
            wallet_address=wallet.address,
            requester="203.0.113.9",
            browser_secret="theirs",
            now=timezone.now(),
        )
    assert SignInNonce.objects.count() == LIVE_NONCES_PER_REQUESTER + 1
    assert wallet.post("verify", wallet.sign(mine["message"])).status_code == 200


@pytest.mark.parametrize("address", ["abc", "0" * 44, "é" * 40, "1" * 31, "1" * 60, "a%00b"])
def test_a_malformed_address_gets_no_nonce(client: Client, address: str) -> None:
    response = client.get(f"/api/auth/nonce/{address}")
    assert response.status_code == 400
    assert response.json()["error_code"] == "INVALID_WALLET"


def refused(response, status: int, code: str) -> bool:
    assert not LoginSession.objects.exists()
    assert response.status_code == status, response.content
    body = response.json()
    assert body["code"] == status
    return bool(body["error_code"] == code and body["message"])


def test_an_expired_nonce_is_refused(wallet: Wallet, settings) -> None:
    an_hour_ago = timezone.now() - settings.SIWS_NONCE_TTL
    row = issue_nonce(
        wallet_address=wallet.address, requester="", browser_secret="", now=an_hour_ago
    )
    assert refused(wallet.post("verify", wallet.sign(row.message)), 401, "EXPIRED_NONCE")


def test_a_nonce_works_to_its_last_moment(wallet: Wallet, settings) -> None:
    just_in_time = timezone.now() - settings.SIWS_NONCE_TTL + timedelta(seconds=20)
    row = issue_nonce(
        wallet_address=wallet.address, requester="", browser_secret="", now=just_in_time
    )
    assert wallet.post("verify", wallet.sign(row.message)).status_code == 200


def test_a_replayed_nonce_is_refused(wallet: Wallet) -> None:
    signed = wallet.sign(wallet.nonce()["message"])
    assert wallet.post("verify", signed).status_code == 200
    again = wallet.post("verify", signed)
    assert again.status_code == 401
    assert again.json()["error_code"] == "REPLAYED_NONCE"
    assert LoginSession.objects.count() == 1


def test_a_nonce_that_was_never_issued_is_refused(wallet: Wallet) -> None:
    issued = wallet.nonce()
    forged = issued["message"].replace(issued["nonce"], "0" * 32)
    assert refused(wallet.post("verify", wallet.sign(forged)), 401, "UNKNOWN_NONCE")


def test_a_nonce_of_another_wallet_is_refused_and_stays_usable(
    new_wallet: Callable[[], Wallet],
) -> None:
    owner, thief = new_wallet(), new_wallet()
    message = owner.nonce()["message"]
    stolen = message.replace(owner.address, thief.address)
    assert refused(thief.post("verify", thief.sign(stolen)), 401, "UNKNOWN_NONCE")
    assert refused(thief.post("verify", thief.sign(message)), 400, "WRONG_ADDRESS")
    assert owner.post("verify", owner.sign(message)).status_code == 200


def test_a_bad_signature_is_refused_and_does_not_use_up_the_nonce(wallet: Wallet) -> None:
    message = wallet.nonce()["message"]
    forged = str(Keypair().sign_message(message.encode()))
    attempt = {"address": wallet.address, "message": message, "signature": forged}
    assert refused(wallet.post("verify", attempt), 401, "BAD_SIGNATURE")
    assert wallet.post("verify", wallet.sign(message)).status_code == 200


def test_a_message_for_another_domain_is_refused(wallet: Wallet) -> None:
    message = wallet.nonce()["message"].replace("127.0.0.1:8000 wants", "evil.test wants")
    assert refused(wallet.post("verify", wallet.sign(message)), 400, "WRONG_DOMAIN")


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("This costs nothing", "This costs everything"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8001"),
        ("Chain ID: localnet", "Chain ID: mainnet"),
        ("Expiration Time: 2", "Expiration Time: 3"),
        ("Issued At: 2", "Issued At: 1"),
    ],
)
def test_a_tampered_message_is_refused(wallet: Wallet, part: str, change: str) -> None:
    message = wallet.nonce()["message"]
    assert part in message
    tampered = wallet.sign(message.replace(part, change))
    assert refused(wallet.post("verify", tampered), 400, "TAMPERED_MESSAGE")


@pytest.mark.parametrize("change", ["{} ", "\n{}", "{}\n", "{}\nRequest ID: 1", "", "hello"])
def test_a_message_of_another_layout_is_refused(wallet: Wallet, change: str) -> None:
    message = change.format(wallet.nonce()["message"])
    response = wallet.post("verify", wallet.sign(message))
    code = "MALFORMED_MESSAGE" if message else "INVALID_INPUT"
    assert refused(response, 400, code)


@pytest.mark.parametrize("signature", ["0OIl", "1" * 10, "é", "5" * 100])
def test_a_malformed_signature_is_refused(wallet: Wallet, signature: str) -> None:
    attempt = wallet.sign(wallet.nonce()["message"]) | {"signature": signature}
    assert refused(wallet.post("verify", attempt), 400, "MALFORMED_SIGNATURE")


def test_a_malformed_address_is_refused(wallet: Wallet) -> None:
    attempt = wallet.sign(wallet.nonce()["message"]) | {"address": "O" * 44}
    assert refused(wallet.post("verify", attempt), 400, "INVALID_WALLET")


@pytest.mark.parametrize(
    "body", [{}, {"address": 1}, {"address": None}, {"message": ["x"]}, "text", ["list"], 7, None]
)
def test_a_body_of_another_shape_is_refused(wallet: Wallet, body) -> None:
    assert refused(wallet.post("verify", body), 400, "INVALID_INPUT")


def test_text_with_a_nul_is_refused(wallet: Wallet) -> None:
    attempt = wallet.sign("a\x00b")
    assert refused(wallet.post("verify", attempt), 400, "INVALID_INPUT")


def test_an_inactive_user_cannot_sign_in(wallet: Wallet) -> None:
    User.objects.create(wallet_address=wallet.address, is_active=False)
    response = wallet.post("verify", wallet.sign(wallet.nonce()["message"]))
    assert refused(response, 403, "USER_INACTIVE")


def test_no_log_line_holds_a_token_or_a_signature(wallet: Wallet, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    signed = wallet.sign(wallet.nonce()["message"])
    tokens = wallet.post("verify", signed).json()
    wallet.me(tokens["access"])
    wallet.me(tokens["access"] + "x")
    wallet.post("refresh", {"refresh": tokens["refresh"]})
    wallet.post("refresh", {"refresh": tokens["refresh"]})
    assert "/api/v1/user/me" in caplog.text
    own_lines = [r.getMessage() for r in caplog.records if r.name != "django.db.backends"]
    for secret in (tokens["access"], tokens["refresh"], signed["signature"]):
        assert not [line for line in own_lines if secret in line]


@pytest.mark.django_db(transaction=True)
def test_of_fifty_replays_at_once_exactly_one_signs_in(wallet: Wallet, settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"auth": "1000/min"}
    signed = wallet.sign(wallet.nonce()["message"])
    answers = at_once(50, lambda _: wallet.post("verify", signed))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 49
    assert {a.json().get("error_code") for a in answers} == {None, "REPLAYED_NONCE"}
    assert (LoginSession.objects.count(), User.objects.count()) == (1, 1)
