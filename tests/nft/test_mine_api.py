"""What a member reads about themselves, and nobody else does."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from badges.models import BadgeStatus, EarnedBadge
from nft.models import NftStatus, Origin, UpgradeStatus
from nft.services.qualification import qualification_of
from tests.nft.conftest import give_badges, give_volume, make_nft, make_upgrade, make_user, qualify

pytestmark = pytest.mark.usefixtures("tiers")

PATHS = ["/api/v1/user/nfts", "/api/v1/user/qualification", "/api/v1/user/stats"]


@pytest.fixture
def member(client: Client, user: User) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def fill(user: User) -> None:
    """Something of everything."""
    make_nft(user, 1, status=NftStatus.BURNED)
    make_upgrade(user, make_nft(user, 2, origin=Origin.UPGRADE, status=NftStatus.UPGRADING))
    give_volume(user, "1234.50000000")
    give_badges(user, ["steady-hand", "mentor"])
    give_badges(user, ["first-steps"], activated=False)


def test_my_nfts_come_newest_first_in_the_documented_shape(member: Client, user: User) -> None:
    old = make_nft(user, 1, status=NftStatus.BURNED)
    new = make_nft(user, 2, origin=Origin.UPGRADE)
    body = member.get("/api/v1/user/nfts").json()
    assert body["next"] is None
    assert [nft["id"] for nft in body["results"]] == [str(new.id), str(old.id)]
    first = body["results"][0]
    assert first["createdAt"].endswith("Z")
    assert (
        first.items()
        >= {
            "tierLevel": 2,
            "tierName": "Navigator",
            "status": "active",
            "mintAddress": new.mint_address,
            "transactionSignature": new.transaction_signature,
            "metadataUri": new.metadata_uri,
            "imageUrl": new.image_url,
            "benefits": new.benefits,
            "burnedAt": None,
            "burnSignature": None,
        }.items()
    )


def test_my_nfts_are_paged(member: Client, user: User) -> None:
    mine = [make_nft(user, level, origin=Origin.UPGRADE) for level in (1, 2, 3)]
    first = member.get("/api/v1/user/nfts?limit=2").json()
    second = member.get(first["next"]).json()
    found = [nft["id"] for page in (first, second) for nft in page["results"]]
    assert found == [str(nft.id) for nft in reversed(mine)]


def test_an_nft_being_minted_has_no_signature_yet(member: Client, user: User) -> None:
    make_nft(user, 1, status=NftStatus.MINTING)
    [nft] = member.get("/api/v1/user/nfts").json()["results"]
    assert (nft["status"], nft["transactionSignature"], nft["mintedAt"]) == ("minting", None, None)


def test_qualification_tells_volume_and_each_reason(member: Client, user: User) -> None:
    give_volume(user, "40000.50000000")
    give_badges(user, ["first-steps"], activated=False)
    body = member.get("/api/v1/user/qualification").json()
    assert body["volume"] == "40000.5"
    assert body["levels"][0] == {
        "level": 1,
        "qualified": False,
        "missing": [
            {
                "code": "VOLUME_TOO_LOW",
                "message": "Trade 59999.5 USD more to reach 100000 USD.",
                "required": "100000",
                "current": "40000.5",
            },
            {
                "code": "BADGE_NOT_ACTIVATED",
                "message": "Activate the badge first-steps first.",
                "slug": "first-steps",
            },
        ],
    }


def test_a_qualified_level_misses_nothing(member: Client, user: User) -> None:
    qualify(user, 1)
    levels = member.get("/api/v1/user/qualification").json()["levels"]
    assert levels[0] == {"level": 1, "qualified": True, "missing": []}


def test_stats_count_everything_by_status(member: Client, user: User) -> None:
    fill(user)
    body = member.get("/api/v1/user/stats").json()
    assert (body["volume"], body["trades"], body["level"]) == ("1234.5", 0, 2)
    assert body["nfts"] == dict.fromkeys(NftStatus.values, 0) | {"burned": 1, "upgrading": 1}
    assert body["badges"] == dict.fromkeys(BadgeStatus.values, 0) | {"activated": 2, "earned": 1}
    assert body["upgrades"] == dict.fromkeys(UpgradeStatus.values, 0) | {"awaiting_burn": 1}


def test_a_new_member_has_zeros(member: Client) -> None:
    body = member.get("/api/v1/user/stats").json()
    assert (body["volume"], body["trades"], body["level"]) == ("0", 0, None)
    assert sum(body["nfts"].values()) + sum(body["badges"].values()) == 0


@pytest.mark.parametrize("path", PATHS)
def test_what_others_have_is_never_shown(member: Client, path: str) -> None:
    before = member.get(path).json()
    fill(make_user())
    assert EarnedBadge.objects.count() == 3
    assert member.get(path).json() == before


@pytest.mark.parametrize("path", PATHS)
def test_a_visitor_is_asked_to_sign_in(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 401
    assert response.json()["error_code"] == "NOT_SIGNED_IN"


def test_qualification_costs_a_fixed_number_of_queries(
    user: User, django_assert_max_num_queries
) -> None:
    fill(user)
    with django_assert_max_num_queries(7):
        qualification_of(user, now=timezone.now())
