"""Badges over HTTP."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import create_service_key
from badges.models import BadgeDefinition, EarnedBadge
from badges.services import reserve_badges
from core.ids import uuid7
from tests.badges.parts import award, define, give_active, new_user, told

pytestmark = pytest.mark.django_db
JSON = "application/json"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def service(*scopes: str) -> Client:
    _, readable = create_service_key(name="rewards", scopes=scopes, now=timezone.now())
    return Client(headers={"Authorization": f"Api-Key {readable}"})


def test_everyone_sees_the_badges_that_are_given_in_display_order() -> None:
    define("whale", "pioneer", "retired")
    BadgeDefinition.objects.filter(slug="retired").update(is_active=False)
    BadgeDefinition.objects.filter(slug="whale").update(position=9, required_for_tier=None)
    response = Client().get("/api/v1/badges")
    assert response.status_code == 200
    assert response.json() == {
        "results": [
            {
                "slug": "pioneer",
                "name": "Pioneer",
                "description": "For pioneer",
                "imageUrl": "https://images.example/pioneer.png",
                "requiredForTier": 2,
            },
            {
                "slug": "whale",
                "name": "Whale",
                "description": "For whale",
                "imageUrl": "https://images.example/whale.png",
                "requiredForTier": None,
            },
        ],
        "next": None,
    }


def test_the_public_list_continues_where_a_page_ends() -> None:
    define("a", "b", "c")
    BadgeDefinition.objects.update(position=0)
    first = Client().get("/api/v1/badges?limit=2").json()
    second = Client().get(first["next"]).json()
    assert [row["slug"] for row in first["results"] + second["results"]] == ["a", "b", "c"]
    assert second["next"] is None


def test_my_badges_are_mine_only_newest_first() -> None:
    define("whale", "pioneer")
    user, other = new_user(), new_user()
    badges = award(user, "whale", "pioneer")
    award(other, "whale")
    results = signed_in(user).get("/api/v1/user/badges").json()["results"]
    assert [row["id"] for row in results] == [str(badges[1].id), str(badges[0].id)]
    assert results[1] == {
        "id": str(badges[0].id),
        "slug": "whale",
        "name": "Whale",
        "description": "For whale",
        "imageUrl": "https://images.example/whale.png",
        "requiredForTier": 2,
        "status": "earned",
        "earnedAt": "2026-03-01T12:00:00Z",
        "activatedAt": None,
        "consumedAt": None,
        "revokedAt": None,
        "revokeReason": "",
    }


def test_my_badges_need_a_sign_in() -> None:
    assert Client().get("/api/v1/user/badges").status_code == 401
    assert Client().post(f"/api/v1/user/badges/{uuid7()}/activate").status_code == 401


def test_i_activate_my_badge_and_again_nothing_changes() -> None:
    define("whale")
    user = new_user()
    (badge,) = award(user, "whale")
    client = signed_in(user)
    answers = [client.post(f"/api/v1/user/badges/{badge.id}/activate") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["status"] == "activated"
    assert len(told(user.id, "badge_activated")) == 1


@pytest.mark.parametrize("whose", ["someone else's", "unknown", "malformed"])
def test_a_badge_that_is_not_mine_is_not_found(whose: str) -> None:
    define("whale")
    (foreign,) = award(new_user(), "whale")
    named = {"someone else's": foreign.id, "unknown": uuid7(), "malformed": "7"}[whose]
    response = signed_in(new_user()).post(f"/api/v1/user/badges/{named}/activate")
    assert response.status_code == 404
    assert response.json().keys() == {"code", "message", "error_code", "details"}
    foreign.refresh_from_db()
    assert foreign.status == "earned"


def test_a_revoked_badge_is_not_activated() -> None:
    define("whale")
    user = new_user()
    (badge,) = give_active(user, "whale")
    badge.revoke(reason="fraud", now=timezone.now())
    response = signed_in(user).post(f"/api/v1/user/badges/{badge.id}/activate")
    assert response.status_code == 409
    assert response.json()["details"] == {"status": "revoked"}


def test_a_service_awards_a_badge_to_a_new_wallet_once() -> None:
    define("whale")
    wallet = new_user().wallet_address
    User.objects.all().delete()
    client, body = service("badges:award"), {"walletAddress": wallet}
    first = client.post("/api/v1/badges/whale/award", body, content_type=JSON)
    again = client.post("/api/v1/badges/whale/award", body, content_type=JSON)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    user = User.objects.get(wallet_address=wallet)
    assert EarnedBadge.objects.get(user=user).history.get().reason.startswith("awarded by key:")
    assert len(told(user.id, "badge_earned")) == 1


def test_an_award_repeated_with_its_key_gives_the_first_answer() -> None:
    define("whale", "pioneer")
    client, body = service("badges:award"), {"walletAddress": new_user().wallet_address}
    key = {"Idempotency-Key": "award-1"}
    url = "/api/v1/badges/whale/award"
    first, again = (client.post(url, body, content_type=JSON, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other_body = {"walletAddress": new_user().wallet_address}
    assert client.post(url, other_body, content_type=JSON, headers=key).status_code == 422
    other_badge = "/api/v1/badges/pioneer/award"
    assert client.post(other_badge, body, content_type=JSON, headers=key).status_code == 201


@pytest.mark.parametrize(
    ("slug", "body", "status"),
    [
        ("nothing", {"walletAddress": "So11111111111111111111111111111111111111112"}, 404),
        ("x" * 65, {"walletAddress": "So11111111111111111111111111111111111111112"}, 404),
        ("whale", {"walletAddress": "not a wallet"}, 400),
        ("whale", {"walletAddress": 7}, 400),
        ("whale", {"walletAddress": "a" * 5000}, 400),
        ("whale", {"walletAddress": "\x00"}, 400),
        ("whale", {}, 400),
        ("whale", [], 400),
        ("whale", "{", 400),
    ],
)
def test_a_bad_award_is_refused_and_changes_nothing(slug: str, body: object, status: int) -> None:
    define("whale")
    url = f"/api/v1/badges/{slug}/award"
    response = service("badges:award").post(url, body, content_type=JSON)
    assert response.status_code == status
    assert response.json()["code"] == status
    assert not User.objects.exists()


def test_only_a_service_with_the_scope_awards_and_revokes() -> None:
    define("whale")
    user = new_user()
    body = {"walletAddress": user.wallet_address}
    other = service("trades:write")
    for url in ("/api/v1/badges/whale/award", "/api/v1/badges/whale/revoke"):
        assert Client().post(url, body, content_type=JSON).status_code == 401
        assert signed_in(user).post(url, body, content_type=JSON).status_code == 401
        assert other.post(url, body, content_type=JSON).status_code == 403
    assert not EarnedBadge.objects.exists()


def test_a_service_takes_a_badge_back_with_a_reason() -> None:
    define("whale")
    user = new_user()
    award(user, "whale")
    body = {"walletAddress": user.wallet_address, "reason": "fraud"}
    url = "/api/v1/badges/whale/revoke"
    client = service("badges:award")
    answers = [client.post(url, body, content_type=JSON) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    shown = answers[0].json()
    assert (shown["status"], shown["revokeReason"]) == ("revoked", "fraud")
    noted = EarnedBadge.objects.get().history.latest("id").reason
    assert noted.startswith("revoked by key:")
    assert told(user.id, "badge_revoked") == [{"badgeId": "whale", "reason": "fraud"}]


@pytest.mark.parametrize(
    ("slug", "changes", "status"),
    [
        ("whale", {}, 409),
        ("pioneer", {}, 404),
        ("nothing", {}, 404),
        ("whale", {"walletAddress": "nobody"}, 404),
        ("whale", {"reason": ""}, 400),
        ("whale", {"reason": "x" * 201}, 400),
    ],
)
def test_a_badge_that_is_not_to_be_taken_back_stays(
    slug: str, changes: dict[str, str], status: int
) -> None:
    define("whale", "pioneer")
    user = new_user()
    (badge,) = give_active(user, "whale")
    reserve_badges(user_id=user.id, slugs=["whale"], request_id=uuid7(), now=timezone.now())
    body = {"walletAddress": user.wallet_address, "reason": "fraud"} | changes
    url = f"/api/v1/badges/{slug}/revoke"
    response = service("badges:award").post(url, body, content_type=JSON)
    assert response.status_code == status
    badge.refresh_from_db()
    assert badge.status == "reserved"
