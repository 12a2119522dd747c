"""An upgrade explained before it starts, and a start that is held to the explanation."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from badges.models import EarnedBadge
from nft.chain_access import payer
from nft.models import Tier, UpgradeRequest, UserNft
from nft.services.upgrade_quotes import UpgradeQuote
from tests.nft.conftest import give_volume, make_nft, make_user
from tests.nft.hands import hand
from tests.nft.test_upgrade_api import Caller, assert_error
from tests.nft.world import Member, World

pytestmark = pytest.mark.django_db
Ready = tuple[Member, UserNft, Caller]


@pytest.fixture
def ready(world: World) -> Ready:
    """A member with a minted level 1 NFT, qualified for level 2, and signed in."""
    member, nft = world.unlocked_member()
    return member, nft, Caller(member.key)


def preview(caller: Caller, nft: Any, level: Any = 2) -> Any:
    query = urlencode({"nft": getattr(nft, "id", nft), "targetLevel": level})
    return caller.get(f"/api/v1/user/upgrade-preview?{query}")


def codes(response: Any) -> set[str]:
    return {blocker["code"] for blocker in response.json()["blockers"]}


def start(caller: Caller, nft: UserNft, quote: str, level: int = 2) -> Any:
    body = {"currentNftId": str(nft.id), "targetLevel": level, "quote": quote}
    return caller.post("/api/nft/upgrade", body)


def test_it_tells_what_the_start_then_does(ready: Ready) -> None:
    member, nft, caller = ready
    response = preview(caller, nft)
    body = response.json()
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert (body["eligible"], body["blockers"]) == (True, [])
    assert body["badges"] == Tier.objects.get(level=2).badge_slugs()
    assert body["fee"] == {"lamports": 5000, "payer": member.wallet}
    assert body["simulation"]["error"] is None
    assert body["simulation"]["unitsConsumed"] > 0
    roles = {account["role"]: account for account in body["accounts"]}
    assert roles["wallet"]["isSigner"]
    assert roles["mint"]["address"] == nft.mint_address
    assert roles["token account"]["isWritable"]
    assert not UpgradeRequest.objects.exists()

    assert start(caller, nft, body["quote"]).status_code == 201
    request = UpgradeRequest.objects.get()
    assert request.terms["badges"] == body["badges"]
    assert request.burn_transactions.get().fee_lamports == body["fee"]["lamports"]


def test_it_names_every_blocker_at_once(ready: Ready) -> None:
    member, nft, caller = ready
    give_volume(member.user, 1)
    slugs = Tier.objects.get(level=2).badge_slugs()
    EarnedBadge.objects.of_user(member.user.id).with_slugs(slugs).delete()
    response = preview(caller, nft)
    assert codes(response) == {"VOLUME_TOO_LOW", "BADGE_MISSING"}
    assert response.json()["eligible"] is False
    assert response.json()["quote"] is None
    missing = response.json()["blockers"][0]
    assert (missing["required"], missing["current"]) == ("250000", "1")


def test_an_nft_that_left_the_wallet_blocks(world: World, ready: Ready) -> None:
    member, nft, caller = ready
    hand(world, member, nft, str(payer().pubkey()))
    response = preview(caller, nft)
    assert codes(response) == {"NFT_NOT_IN_WALLET"}
    assert response.json()["fee"] is None


def test_a_wallet_that_cannot_pay_the_burn_blocks(world: World) -> None:
    from tests.nft.test_sponsoring import poor_member

    member, nft = poor_member(world)
    response = preview(Caller(member.key), nft)
    assert codes(response) == {"SIMULATION_FAILED"}
    assert "5000 lamports" in response.json()["blockers"][0]["message"]


def test_an_open_upgrade_and_a_wrong_level_block(ready: Ready) -> None:
    _, nft, caller = ready
    assert codes(preview(caller, nft, 4)) >= {"WRONG_LEVEL"}
    assert caller.start(nft).status_code == 201
    assert "UPGRADE_IN_PROGRESS" in codes(preview(caller, nft))


def test_a_strangers_or_unknown_nft_is_not_found(ready: Ready) -> None:
    _, _, caller = ready
    for nft in (make_nft(make_user()), uuid4(), "x"):
        assert preview(caller, nft).status_code == 404
    assert_error(preview(caller, uuid4(), "two"), 400, "INVALID_INPUT")
    assert caller.get("/api/v1/user/upgrade-preview").status_code == 400


def lower_the_benefits(_: Member) -> None:
    tier = Tier.objects.get(level=2)
    tier.trading_fee_reduction = "1%"
    tier.version += 1
    tier.save()


def drop_a_badge(_: Member) -> None:
    tier = Tier.objects.get(level=2)
    tier.required_badges.remove(tier.required_badges.all()[0])


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        (lower_the_benefits, {"benefits", "tierVersion"}),
        (drop_a_badge, {"badges"}),
    ],
)
def test_a_start_that_would_do_otherwise_is_refused_with_the_difference(
    ready: Ready, change: Callable[[Member], None], fields: set[str]
) -> None:
    member, nft, caller = ready
    quote = preview(caller, nft).json()["quote"]
    change(member)
    body = assert_error(start(caller, nft, quote), 409, "QUOTE_CHANGED")
    differences = {each["field"]: each for each in body["details"]["differences"]}
    assert set(differences) == fields
    assert all(each["quoted"] != each["actual"] for each in differences.values())
    assert not UpgradeRequest.objects.exists()
    nft.refresh_from_db()
    assert nft.status == "active"
    assert not EarnedBadge.objects.filter(status="reserved").exists()
    assert start(caller, nft, preview(caller, nft).json()["quote"]).status_code == 201


def test_a_sponsor_that_stops_paying_is_a_difference(ready: Ready, settings: Settings) -> None:
    member, nft, caller = ready
    settings.SPONSOR_BURN_FEES = True
    body = preview(caller, nft).json()
    assert body["fee"] == {"lamports": 10_000, "payer": str(payer().pubkey())}
    settings.SPONSOR_USER_DAILY_LAMPORTS = 9_999
    refused = assert_error(start(caller, nft, body["quote"]), 409, "QUOTE_CHANGED")
    differences = {
        each["field"]: (each["quoted"], each["actual"])
        for each in refused["details"]["differences"]
    }
    assert differences == {
        "feePayer": (str(payer().pubkey()), member.wallet),
        "rentTo": (str(payer().pubkey()), member.wallet),
    }


def test_a_dearer_burn_is_a_difference_and_a_cheaper_one_is_none(ready: Ready) -> None:
    _, nft, caller = ready
    kept = UpgradeQuote.read(preview(caller, nft).json()["quote"], now=timezone.now())
    cheaper, dearer = (replace(kept, fee_lamports=fee) for fee in (4_999, 5_001))
    refused = start(caller, nft, cheaper.sign(now=timezone.now()))
    body = assert_error(refused, 409, "QUOTE_CHANGED")
    assert body["details"]["differences"] == [
        {"field": "feeLamports", "quoted": 4_999, "actual": 5_000}
    ]
    assert start(caller, nft, dearer.sign(now=timezone.now())).status_code == 201


def test_a_quote_counts_for_its_member_its_nft_and_its_level(ready: Ready, world: World) -> None:
    member, nft, caller = ready
    other, other_nft = world.unlocked_member()
    quote = preview(Caller(other.key), other_nft).json()["quote"]
    body = assert_error(start(caller, nft, quote), 409, "QUOTE_CHANGED")
    fields = {each["field"] for each in body["details"]["differences"]}
    assert {"userId", "currentNftId"} <= fields
    assert other.wallet != member.wallet


def test_a_forged_and_an_old_quote_are_refused(ready: Ready) -> None:
    _, nft, caller = ready
    quote = preview(caller, nft).json()["quote"]
    assert_error(start(caller, nft, quote[:-2] + "xx"), 400, "INVALID_QUOTE")
    kept = UpgradeQuote.read(quote, now=timezone.now())
    old = kept.sign(now=timezone.now() - timedelta(minutes=11))
    assert_error(start(caller, nft, old), 409, "QUOTE_EXPIRED")
    assert not UpgradeRequest.objects.exists()


def test_without_a_quote_a_start_asks_no_more_than_before(ready: Ready) -> None:
    _, nft, caller = ready
    body = caller.start(nft).json()
    assert body["status"] == "awaiting_burn"
