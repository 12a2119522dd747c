"""The public ladder."""

import pytest
from django.test import Client

from nft.models import Tier

pytestmark = pytest.mark.usefixtures("tiers")


def test_anybody_reads_the_ladder_lowest_first(client: Client) -> None:
    body = client.get("/api/v1/tiers").json()
    assert body["next"] is None
    assert [tier["level"] for tier in body["results"]] == [1, 2, 3, 4, 5]
    assert body["results"][1] == {
        "level": 2,
        "name": "Navigator",
        "symbol": "AIW3",
        "description": "Knows the markets and keeps a course.",
        "colour": "#4f7fd9",
        "imageUrl": "",
        "requiredVolume": "250000",
        "requiredBadges": ["market-scholar", "steady-hand"],
        "badgesNeeded": None,
        "supplyCap": None,
        "availableFrom": None,
        "availableUntil": None,
        "benefits": {
            "tradingFeeReduction": "10%",
            "aiAgentWeeklyUses": 10,
            "prioritySupport": False,
        },
        "version": 1,
    }


def test_a_tier_off_the_offer_is_not_listed(client: Client) -> None:
    Tier.objects.filter(level=3).update(is_active=False)
    listed = client.get("/api/v1/tiers").json()["results"]
    assert [tier["level"] for tier in listed] == [1, 2, 4, 5]


def test_the_ladder_is_paged(client: Client) -> None:
    first = client.get("/api/v1/tiers?limit=3").json()
    second = client.get(first["next"]).json()
    levels = [tier["level"] for page in (first, second) for tier in page["results"]]
    assert levels == [1, 2, 3, 4, 5]
    assert second["next"] is None


def test_an_unchanged_ladder_is_not_sent_again(client: Client) -> None:
    first = client.get("/api/v1/tiers")
    assert first.headers["Cache-Control"] == "public, max-age=60"
    again = client.get("/api/v1/tiers", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Tier.objects.filter(level=1).update(name="Scout")
    changed = client.get("/api/v1/tiers", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_a_stale_token_does_not_hide_the_ladder(client: Client) -> None:
    assert client.get("/api/v1/tiers", headers={"Authorization": "Bearer x"}).status_code == 200


def test_the_ladder_costs_two_queries(client: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(2):
        client.get("/api/v1/tiers")
