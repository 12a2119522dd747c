"""Unlocking over HTTP: `POST /api/v1/user/unlock-nft`."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from badges.models import EarnedBadge
from nft.models import MintOrder, NftStatus, Purpose, Tier, UserNft
from tests.nft.conftest import give_badges, make_nft, make_user, qualify
from tests.together import run_together

pytestmark = pytest.mark.usefixtures("tiers")

PATH = "/api/v1/user/unlock-nft"


@pytest.fixture
def member(client: Client, user: User) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def unlock(client: Client, body: Any, key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(PATH, text, content_type="application/json", headers=headers)


@pytest.mark.parametrize("body", [{"tierLevel": 1}, {"nftDefinitionId": 1},
                                  {"tierLevel": 1, "nftDefinitionId": 1}])  # fmt: skip
def test_a_member_who_qualifies_orders_the_first_nft(
    member: Client, user: User, body: dict[str, int]
) -> None:
    qualify(user, 1)
    response = unlock(member, body)
    nft = UserNft.objects.of_user(user.id).get()
    assert response.status_code == 202
    assert response.json() == {"nftId": str(nft.id), "status": "minting"}
    order = MintOrder.objects.get(request_id=nft.id)
    assert (order.purpose, order.mint_address) == (Purpose.UNLOCK, nft.mint_address)
    assert EarnedBadge.objects.held_for(nft.id).count() == 1


def test_its_metadata_is_there_before_the_mint(member: Client, user: User) -> None:
    qualify(user, 1)
    unlock(member, {"tierLevel": 1})
    [nft] = member.get("/api/v1/user/nfts").json()["results"]
    path = nft["metadataUri"].removeprefix("http://127.0.0.1:8000")
    assert member.get(path).json()["name"] == "AIW3 Pathfinder #1"


def test_a_repeated_call_with_its_key_gets_the_same_answer(member: Client, user: User) -> None:
    qualify(user, 1)
    key = str(uuid4())
    first, again = (unlock(member, {"tierLevel": 1}, key) for _ in range(2))
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert MintOrder.objects.count() == 1
    other_body = unlock(member, {"nftDefinitionId": 1}, key)
    assert (other_body.status_code, other_body.json()["error_code"]) == (
        422,
        "IDEMPOTENCY_KEY_REUSED",
    )


def test_a_refused_call_may_be_repeated_with_its_key(member: Client, user: User) -> None:
    key = str(uuid4())
    assert unlock(member, {"tierLevel": 1}, key).status_code == 409
    qualify(user, 1)
    assert unlock(member, {"tierLevel": 1}, key).status_code == 202


def test_what_is_missing_is_listed_and_nothing_changes(member: Client, user: User) -> None:
    give_badges(user, ["first-steps"], activated=False)
    response = unlock(member, {"tierLevel": 1})
    assert response.status_code == 409
    assert response.json()["error_code"] == "NOT_QUALIFIED"
    missing = [reason["code"] for reason in response.json()["details"]["missing"]]
    assert missing == ["VOLUME_TOO_LOW", "BADGE_NOT_ACTIVATED"]
    assert not UserNft.objects.exists()
    assert not MintOrder.objects.exists()


@pytest.mark.parametrize("status", NftStatus.values)
def test_a_first_nft_is_unlocked_once_for_life(member: Client, user: User, status: str) -> None:
    make_nft(user, 1, status=status)
    qualify(user, 1)
    response = unlock(member, {"tierLevel": 1})
    assert (response.status_code, response.json()["error_code"]) == (409, "ALREADY_UNLOCKED")


@pytest.mark.parametrize("level", [2, 77])
def test_only_the_lowest_tier_is_unlocked(member: Client, user: User, level: int) -> None:
    qualify(user, 2)
    response = unlock(member, {"tierLevel": level})
    assert (response.status_code, response.json()["error_code"]) == (409, "NOT_THE_FIRST_TIER")
    assert response.json()["details"] == {"allowedLevel": 1}


@pytest.mark.parametrize("body", [
    {}, [], None, 1, "nonsense", "{", {"tierLevel": "one"}, {"tierLevel": 0}, {"tierLevel": 1.5},
    {"tierLevel": True}, {"tierLevel": None}, {"tierLevel": 10**30}, {"tierLevel": [1]},
    {"tierLevel": 1, "nftDefinitionId": 2},
])  # fmt: skip
def test_a_body_that_makes_no_sense_is_refused(member: Client, user: User, body: Any) -> None:
    qualify(user, 1)
    response = unlock(member, body)
    assert (response.status_code, response.json()["error_code"]) == (400, "INVALID_INPUT")
    assert not UserNft.objects.exists()


def test_a_visitor_is_asked_to_sign_in(client: Client) -> None:
    assert unlock(client, {"tierLevel": 1}).status_code == 401


def test_a_cookie_without_a_csrf_token_is_not_enough(user: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    qualify(user, 1)
    assert unlock(strict, {"tierLevel": 1}).status_code == 403
    assert not UserNft.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_simultaneous_calls_order_one_nft(tiers: list[Tier]) -> None:
    user = make_user()
    qualify(user, 1)

    def call() -> int:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return int(unlock(client, {"tierLevel": 1}).status_code)

    assert sorted(run_together([call] * 4)) == [202, 409, 409, 409]
    assert UserNft.objects.of_user(user.id).count() == MintOrder.objects.count() == 1
