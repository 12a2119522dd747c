"""An operator who has never seen the code adds a tier, and a member reaches it."""

import pytest
from django.test import Client

from badges.models import BadgeDefinition, EarnedBadge
from events.models import Event
from nft.models import NftStatus, Tier, UserNft
from nft.services.confirming import confirm_burn
from nft.services.unlocking import unlock_nft
from tests.nft.earners import settle, told, trade
from tests.nft.test_admin import operator
from tests.nft.world import Member, World

__all__ = ["operator"]  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)


def fill_in(client: Client, model: str, **fields: object) -> None:
    """Press “Save” on the form for a new row."""
    address = f"/admin/{model}/add/"
    assert client.get(address).status_code == 200
    response = client.post(address, fields | {"reason": "a sixth tier"})
    assert response.status_code == 302, response.context["adminform"].form.errors


def add_the_sixth_tier(client: Client) -> None:
    fill_in(
        client, "badges/badgedefinition", slug="globetrotter", name="Globetrotter",
        is_active="on", position=6,
    )  # fmt: skip
    badge = BadgeDefinition.objects.get(slug="globetrotter")
    fill_in(
        client, "nft/awardrule", badge=badge.pk, is_active="on", trades_at_least=3,
        trades_within_days=7,
    )  # fmt: skip
    fill_in(
        client, "nft/tier", level=6, name="Legend", symbol="AIW3", colour="#102030",
        required_volume="3000000", required_badges=[badge.pk], trading_fee_reduction="60%",
        ai_agent_weekly_uses=200, priority_support="on", free_benefits="privateEvents: 4",
        supply_cap=100, is_active="on",
    )  # fmt: skip
    fill_in(client, "trading/volumemilestone", amount=3_000_000, tier_unlocked=6)


def mint_the_fifth(world: World) -> tuple[Member, UserNft]:
    """While it is the lowest on offer; the way up has tests of its own."""
    lower = Tier.objects.filter(level__lt=5)
    lower.update(is_active=False)
    member = world.new_member(level=5)
    nft = unlock_nft(user=member.user, tier_level=5, now=world.now, keep=lambda _: None)
    world.work()
    lower.update(is_active=True)
    nft.refresh_from_db()
    return member, nft


def test_a_sixth_tier_is_made_in_the_admin_and_reached(operator: Client, world: World) -> None:
    member, nft = mint_the_fifth(world)
    user = member.user
    settle()
    add_the_sixth_tier(operator)
    for _ in range(3):
        trade(user, 200_000)
    settle()
    milestone = Event.objects.filter(type="volume_milestone_reached").order_by("id").last()
    assert milestone is not None
    assert milestone.data["tierUnlocked"] == 6
    badge = EarnedBadge.objects.get(user=user, definition__slug="globetrotter")
    assert badge.definition.required_for_tier == 6  # the tier's form said so

    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.post(f"/api/v1/user/badges/{badge.id}/activate").status_code == 200
    settle()
    assert told(user.id)[-1]["currentQualifications"] == [6]

    request, burn = world.start(member, nft)
    signature = world.burn(member, burn)
    confirm_burn(user=user, request_id=request.id, signature=signature, now=world.now)
    world.work()
    legend = UserNft.objects.get(user=user, status=NftStatus.ACTIVE)
    assert (legend.tier_level, legend.tier_name) == (6, "Legend")
    assert legend.benefits["privateEvents"] == 4
    assert legend.benefits["tradingFeeReduction"] == "60%"
    badge.refresh_from_db()
    assert badge.status == "consumed"
    assert browser.get(f"/api/v1/nfts/{legend.mint_address}/image.svg").status_code == 200
