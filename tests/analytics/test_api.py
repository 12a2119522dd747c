"""The leaderboards and statistics by HTTP."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import get_or_create_user
from accounts.services.leaving import close_account
from analytics.services.keeping import keep_boards
from core.ids import uuid7
from tests.analytics.facts import (
    cancelled,
    completed,
    earned,
    initiated,
    revoked,
    told,
    traded,
    unlocked,
)
from tests.analytics.test_recording import record
from tests.nft.conftest import new_address

pytestmark = pytest.mark.django_db


@pytest.fixture
def members() -> list[User]:
    """Four, with 400, 300, 300 and 100 USD."""
    users = [get_or_create_user(wallet_address=new_address()) for _ in range(4)]
    volumes = zip(users, ("400", "300", "300", "100"), strict=True)
    record(told(*(traded(user.id, "0", volume) for user, volume in volumes)))
    return users


def short(user: User) -> str:
    wallet = user.wallet_address or ""
    return f"{wallet[:4]}…{wallet[-4:]}"


def sign_in(client: Client, user: User) -> None:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")


def test_a_leaderboard_is_public_paged_and_hides_wallets(
    client: Client, members: list[User]
) -> None:
    first = client.get("/api/v1/leaderboards/volume?limit=3&period=week")
    assert "max-age=10" in first["Cache-Control"]
    body = first.json()
    assert body["results"] == [
        {"rank": rank, "member": short(user), "score": score}
        for rank, user, score in zip((1, 2, 3), members, (40_000, 30_000, 30_000), strict=False)
    ]
    second = client.get(body["next"]).json()
    assert [entry["rank"] for entry in second["results"]] == [4]
    assert second["next"] is None
    assert not any(str(user.wallet_address) in first.text for user in members)


def test_a_closed_account_keeps_its_place_and_loses_its_name(
    client: Client, members: list[User]
) -> None:
    close_account(user_id=members[1].id, keep_wallet=True, now=timezone.now())
    shown = client.get("/api/v1/leaderboards/volume").json()["results"]
    assert [entry["member"] for entry in shown][:3] == [short(members[0]), "…", short(members[2])]


def test_an_unchanged_page_is_not_sent_again(client: Client, members: list[User]) -> None:
    tag = client.get("/api/v1/leaderboards/volume")["ETag"]
    assert (
        client.get("/api/v1/leaderboards/volume", headers={"If-None-Match": tag}).status_code == 304
    )
    record(told(traded(members[3].id, "100", "900")))
    changed = client.get("/api/v1/leaderboards/volume", headers={"If-None-Match": tag})
    assert changed.json()["results"][0]["member"] == short(members[3])


@pytest.mark.parametrize("kept", [False, True], ids=["Postgres", "Redis"])
def test_i_see_my_rank_and_my_neighbours(client: Client, members: list[User], kept: bool) -> None:
    if kept:
        keep_boards(now=timezone.now())
    assert client.get("/api/v1/user/leaderboards/volume").status_code == 401
    sign_in(client, members[2])
    body = client.get("/api/v1/user/leaderboards/volume?around=1&period=day").json()
    assert (body["rank"], body["score"], body["members"]) == (3, 30_000, 4)
    found = [(entry["rank"], entry["member"], entry["isMe"]) for entry in body["entries"]]
    assert found == [
        (2, short(members[1]), False), (3, short(members[2]), True), (4, short(members[3]), False),
    ]  # fmt: skip
    assert client.get("/api/v1/user/leaderboards/badges").json()["rank"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("trades", 404),
        ("volume?cursor=rubbish", 404),
        ("volume?cursor=MTotMTox", 404),
        ("volume?period=year", 400),
        ("volume?limit=0", 400),
        ("volume?date=tomorrow", 400),
    ],
)
def test_what_cannot_be_asked_is_refused(client: Client, query: str, status: int) -> None:
    answer = client.get(f"/api/v1/leaderboards/{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, status)


def test_a_past_day_can_be_seen(client: Client, members: list[User]) -> None:
    page = client.get("/api/v1/leaderboards/volume?period=month&date=2020-02-29").json()
    assert (page["results"], page["start"]) == ([], "2020-02-01")


def test_my_statistics_are_mine(client: Client, members: list[User]) -> None:
    me, other = members[:2]
    old, new, dropped, done = uuid7(), uuid7(), uuid7(), uuid7()
    record(
        told(
            earned(me.id), earned(me.id, "mistaken"), revoked(me.id, "mistaken"),
            *unlocked(me.id, old), initiated(me.id, dropped, old), cancelled(me.id, dropped),
            initiated(me.id, done, old), *completed(me.id, done, old, new, ms=20_000),
        )
    )  # fmt: skip
    sign_in(client, me)
    body = client.get("/api/v1/user/stats").json()
    wanted = {
        "nftsByTier": {"2": 1}, "badgesEarned": 1, "badgesConsumed": 1, "upgradesStarted": 2,
        "upgradesCompleted": 1, "successRate": 0.5, "averageUpgradeMs": 20_000,
        "fastestUpgradeMs": 20_000, "trades": 0,
    }  # fmt: skip
    assert body.items() >= wanted.items()
    sign_in(client, other)
    nothing = client.get("/api/v1/user/stats").json()
    assert (nothing["upgradesStarted"], nothing["successRate"]) == (0, None)
