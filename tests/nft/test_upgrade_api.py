"""The upgrade over HTTP: a member with a bearer token, and what bad input gets."""

import base64
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from solders.keypair import Keypair
from solders.signature import Signature

from accounts.models import User
from badges.models import EarnedBadge
from core.redis import breaker, redis_client
from events.models import Event
from nft.models import UpgradeRequest, UserNft
from nft.services.unlocking import unlock_nft
from tests.accounts.conftest import Wallet
from tests.nft.conftest import give_volume, make_nft, qualify
from tests.nft.world import Member, World, reread

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    breaker.reset()
    redis_client().flushdb()
    yield
    breaker.reset()


class Caller:
    """A signed-in member's HTTP client."""

    def __init__(self, keypair: Keypair):
        wallet = Wallet(Client())
        wallet.keypair, wallet.address = keypair, str(keypair.pubkey())
        self.client = wallet.client
        self.headers = {"Authorization": f"Bearer {wallet.sign_in()['access']}"}

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        return self.client.post(path, body, content_type="application/json", headers=headers)

    def start(self, nft: UserNft, level: int | None = None, *, key: str | None = None) -> Any:
        body = {"currentNftId": str(nft.id), "targetLevel": level or nft.tier_level + 1}
        return self.post("/api/nft/upgrade", body, key=key)


@pytest.fixture
def ready(world: World) -> tuple[Member, UserNft, Caller]:
    """A member with a minted level 1 NFT, qualified for level 2, and signed in."""
    member, nft = world.unlocked_member()
    return member, nft, Caller(member.key)


def assert_error(response: Any, status: int, error_code: str) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["error_code"]) == (status, error_code), body
    assert set(body) == {"code", "message", "error_code", "details"}
    assert body["code"] == status
    return body


def test_an_upgrade_by_http_alone(world: World, ready: tuple[Member, UserNft, Caller]) -> None:
    member, nft, caller = ready
    started = caller.start(nft)
    assert started.status_code == 201
    body = started.json()
    path = body["links"]["self"]
    assert body["status"] == "awaiting_burn"
    assert body["links"]["events"] == f"{path}/events"
    raw = member.sign(base64.b64decode(body["burnTransaction"]))
    signature = world.send(raw)
    world.chain.tick(33)
    confirmed = caller.post(f"{path}/burn-confirm", {"burnSignature": signature})
    assert (confirmed.status_code, confirmed.json()["status"]) == (202, "verifying_burn")
    world.work()

    seen = caller.get(f"{path}/status").json()
    assert seen == caller.get(path).json()
    assert seen["status"] == "completed"
    assert seen["burnSignature"] == signature
    assert [step["to"] for step in seen["history"]][-2:] == ["minting", "completed"]
    assert seen["history"][0]["from"] == ""
    assert seen["error"] is None
    assert seen["newNftId"]
    assert seen["mintSignature"]
    mine = caller.get("/api/v1/user/nfts").json()["results"]
    assert {(row["tierLevel"], row["status"]) for row in mine} == {(1, "burned"), (2, "active")}
    listed = caller.get("/api/v1/user/upgrades").json()["results"]
    assert [row["upgradeRequestId"] for row in listed] == [body["upgradeRequestId"]]


def test_the_signed_transaction_can_be_sent_through_us(
    world: World, ready: tuple[Member, UserNft, Caller]
) -> None:
    member, nft, caller = ready
    path = caller.start(nft).json()["links"]["self"]
    fresh = caller.get(f"{path}/burn-transaction")
    assert fresh["Cache-Control"] == "no-store"
    raw = member.sign(base64.b64decode(fresh.json()["burnTransaction"]))
    body = {"signedTransaction": base64.b64encode(raw).decode()}
    assert caller.post(f"{path}/burn-confirm", body).status_code == 202
    assert caller.post(f"{path}/burn-confirm", body).status_code == 202
    world.work(rounds=24)
    assert caller.get(path).json()["status"] == "completed"


def test_a_sponsored_burn_costs_the_member_nothing(world: World, settings: Settings) -> None:
    settings.SPONSOR_BURN_FEES = True
    key = Keypair()  # holds no lamports at all
    caller = Caller(key)
    member = Member(key, User.objects.get(wallet_address=str(key.pubkey())))
    qualify(member.user, 1)
    nft = unlock_nft(user=member.user, tier_level=1, now=world.now, keep=lambda _: None)
    world.work()
    nft.refresh_from_db()
    qualify(member.user, 2)
    body = caller.start(nft).json()
    raw = member.sign(base64.b64decode(body["burnTransaction"]))
    path = body["links"]["self"]
    sent = {"signedTransaction": base64.b64encode(raw).decode()}
    assert caller.post(f"{path}/burn-confirm", sent).status_code == 202
    world.work(rounds=24)
    assert caller.get(path).json()["status"] == "completed"


def test_the_old_path_is_the_same_call(ready: tuple[Member, UserNft, Caller]) -> None:
    _, nft, caller = ready
    body = {"currentNftId": str(nft.id), "targetLevel": 2}
    first = caller.post("/api/v1/user/upgrade-nft", body, key="k-1")
    again = caller.post("/api/nft/upgrade", body, key="k-1")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert UpgradeRequest.objects.count() == 1


def test_a_reused_idempotency_key_with_another_body_is_refused(
    ready: tuple[Member, UserNft, Caller],
) -> None:
    _, nft, caller = ready
    assert caller.start(nft, key="k-2").status_code == 201
    assert_error(caller.start(nft, 3, key="k-2"), 422, "IDEMPOTENCY_KEY_REUSED")


def test_a_refused_start_is_not_replayed(ready: tuple[Member, UserNft, Caller]) -> None:
    member, nft, caller = ready
    give_volume(member.user, 1)
    assert_error(caller.start(nft, key="k-3"), 409, "NOT_QUALIFIED")
    give_volume(member.user, 10_000_000)
    assert caller.start(nft, key="k-3").status_code == 201


def test_a_second_upgrade_names_the_open_one(ready: tuple[Member, UserNft, Caller]) -> None:
    _, nft, caller = ready
    open_id = caller.start(nft).json()["upgradeRequestId"]
    error = assert_error(caller.start(nft), 409, "UPGRADE_IN_PROGRESS")
    assert error["details"]["upgradeRequestId"] == open_id


@pytest.mark.parametrize("level", [1, 3, 999])
def test_only_the_next_level_can_be_reached(
    ready: tuple[Member, UserNft, Caller], level: int
) -> None:
    _, nft, caller = ready
    assert_error(caller.start(nft, level), 409, "WRONG_LEVEL")
    assert not UpgradeRequest.objects.exists()


def test_missing_badges_are_listed(ready: tuple[Member, UserNft, Caller]) -> None:
    member, nft, caller = ready
    EarnedBadge.objects.of_user(member.user.id).filter(status="activated").update(
        status="earned", activated_at=None
    )
    error = assert_error(caller.start(nft), 409, "NOT_QUALIFIED")
    codes = {reason["code"] for reason in error["details"]["missing"]}
    assert codes == {"BADGE_NOT_ACTIVATED"}
    assert not Event.objects.filter(type="upgrade_initiated").exists()


def test_an_nft_that_left_the_wallet_cannot_be_upgraded(world: World) -> None:
    member = world.new_member(level=2)
    nft = make_nft(member.user)  # a row whose mint is in nobody's wallet
    assert_error(Caller(member.key).start(nft), 409, "NFT_NOT_IN_WALLET")


@pytest.mark.parametrize("status", ["burned", "transferred", "minting"])
def test_only_an_active_nft_can_be_upgraded(world: World, status: str) -> None:
    member = world.new_member(level=2)
    nft = make_nft(member.user, status=status)
    assert_error(Caller(member.key).start(nft), 409, "NFT_NOT_ACTIVE")


def test_someone_elses_nft_is_unknown(world: World, ready: tuple[Member, UserNft, Caller]) -> None:
    _, nft, _ = ready
    stranger = Caller(world.new_member(level=2).key)
    assert_error(stranger.start(nft), 404, "NFT_NOT_FOUND")


def test_someone_elses_upgrade_is_unknown(
    world: World, ready: tuple[Member, UserNft, Caller]
) -> None:
    _, nft, caller = ready
    path = caller.start(nft).json()["links"]["self"]
    stranger = Caller(world.new_member().key)
    for answer in (
        stranger.get(path),
        stranger.get(f"{path}/status"),
        stranger.get(f"{path}/burn-transaction"),
        stranger.post(f"{path}/burn-confirm", {"burnSignature": str(Signature.new_unique())}),
        stranger.post(f"{path}/retry"),
        stranger.post(f"{path}/cancel"),
    ):
        assert_error(answer, 404, "UPGRADE_NOT_FOUND")
    assert caller.get(path).json()["status"] == "awaiting_burn"


@pytest.mark.parametrize("malformed", ["x", "1", "0198c0de-0000-7000-8000-00000000000", "%00"])
def test_a_malformed_id_is_unknown(ready: tuple[Member, UserNft, Caller], malformed: str) -> None:
    _, _, caller = ready
    assert_error(caller.get(f"/api/nft/upgrade/{malformed}/status"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"currentNftId": 5, "targetLevel": 2},
        {"currentNftId": str(uuid4()), "targetLevel": "two"},
        {"currentNftId": str(uuid4()), "targetLevel": 0},
        {"currentNftId": str(uuid4()), "targetLevel": 1.5},
        {"currentNftId": [str(uuid4())], "targetLevel": 2},
        [],
        "text",
        None,
        5,
    ],
)
def test_a_malformed_start_is_refused(ready: tuple[Member, UserNft, Caller], body: object) -> None:
    _, _, caller = ready
    assert_error(caller.post("/api/nft/upgrade", body), 400, "INVALID_INPUT")
    assert not UpgradeRequest.objects.exists()


def test_a_malformed_nft_id_is_as_unknown_as_any_other(
    ready: tuple[Member, UserNft, Caller],
) -> None:
    _, _, caller = ready
    for unknown in ("x", "", "\x00", str(uuid4())):
        answer = caller.post("/api/nft/upgrade", {"currentNftId": unknown, "targetLevel": 2})
        assert answer.status_code == 404, answer.content


def test_what_is_not_json_is_refused(ready: tuple[Member, UserNft, Caller]) -> None:
    _, _, caller = ready
    for text in ("{", "NaN", '{"targetLevel": NaN}', "\x00", "[" * 100_000):
        answer = caller.client.post(
            "/api/nft/upgrade", text, content_type="application/json", headers=caller.headers
        )
        assert_error(answer, 400, "INVALID_INPUT")


def test_a_too_large_body_is_refused(ready: tuple[Member, UserNft, Caller]) -> None:
    _, _, caller = ready
    assert_error(caller.post("/api/nft/upgrade", {"x": "y" * 2**20}), 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"burnSignature": "not base58 0OIl"},
        {"burnSignature": "x"},
        {"burnSignature": ""},
        {"burnSignature": 7},
        {"signedTransaction": "not base64!"},
        {"signedTransaction": base64.b64encode(b"not a transaction").decode()},
        {"signedTransaction": "A" * 5000},
        {"burnSignature": str(Signature.new_unique()), "signedTransaction": "AAAA"},
    ],
)
def test_a_malformed_confirmation_changes_nothing(
    ready: tuple[Member, UserNft, Caller], body: dict[str, Any]
) -> None:
    _, nft, caller = ready
    path = caller.start(nft).json()["links"]["self"]
    answer = caller.post(f"{path}/burn-confirm", body)
    assert answer.status_code == 400, answer.content
    assert caller.get(path).json()["status"] == "awaiting_burn"


def test_nobody_starts_without_signing_in(client: Client) -> None:
    answer = client.post("/api/nft/upgrade", {}, content_type="application/json")
    assert_error(answer, 401, "NOT_SIGNED_IN")


def test_five_starts_a_minute(ready: tuple[Member, UserNft, Caller]) -> None:
    _, nft, caller = ready
    for _ in range(5):
        assert_error(caller.start(nft, 3), 409, "WRONG_LEVEL")
    limited = caller.start(nft)
    assert_error(limited, 429, "RATE_LIMITED")
    assert 0 < int(limited["Retry-After"]) <= 60


def test_replays_are_not_throttled(ready: tuple[Member, UserNft, Caller]) -> None:
    _, nft, caller = ready
    answers = [caller.start(nft, key="k-9").status_code for _ in range(8)]
    assert answers == [201] * 8


def test_cancel_and_retry_answer_with_the_reason(ready: tuple[Member, UserNft, Caller]) -> None:
    _, nft, caller = ready
    path = caller.start(nft).json()["links"]["self"]
    assert_error(caller.post(f"{path}/retry"), 409, "NOTHING_TO_RETRY")
    cancelled = caller.post(f"{path}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (202, "closing")
    assert_error(caller.get(f"{path}/burn-transaction"), 409, "NO_BURN_WANTED")


def test_without_the_chain_nothing_starts_and_the_member_is_told(
    ready: tuple[Member, UserNft, Caller], settings: Settings
) -> None:
    _, nft, caller = ready
    settings.SOLANA_RPC_URL = "http://127.0.0.1:1"
    assert_error(caller.start(nft), 503, "CHAIN_UNAVAILABLE")
    assert not UpgradeRequest.objects.exists()


def test_no_answer_shows_a_nonce_or_a_signed_transaction(
    world: World, ready: tuple[Member, UserNft, Caller]
) -> None:
    _, nft, caller = ready
    body = caller.start(nft).json()
    request = reread(UpgradeRequest.objects.get(id=body["upgradeRequestId"]))
    shown = caller.get(body["links"]["self"]).content
    assert bytes(request.order.nonce).hex().encode() not in shown
    assert b"nonce" not in shown.lower()
