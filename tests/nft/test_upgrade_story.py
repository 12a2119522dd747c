"""The whole story on a real chain: unlock, upgrade, and what everybody is told."""

import pytest

from badges.models import BadgeStatus, EarnedBadge
from events.models import Event
from nft.models import NftStatus, UpgradeStatus
from nft.services.confirming import confirm_burn, submit_signed_burn
from tests.nft.world import World, event_types, reread

pytestmark = pytest.mark.django_db


def test_the_first_nft_is_minted_into_the_wallet(world: World) -> None:
    member, nft = world.unlocked_member()

    mint = world.mint(nft.mint_address)
    assert mint is not None
    assert (mint.supply, mint.issue, dict(mint.fields)["tier"]) == (1, nft.id, "1")
    assert mint.mint_authority is mint.update_authority is None
    assert world.holds(member, nft.mint_address)
    badges = EarnedBadge.objects.held_for(nft.id)
    assert {badge.status for badge in badges} == {BadgeStatus.CONSUMED}
    types = set(Event.objects.filter(user_id=member.user.id).values_list("type", flat=True))
    assert {"nft_minted", "badge_consumed", "nft_unlocked"} <= types


def test_a_burned_nft_becomes_the_next_tier(world: World) -> None:
    member, old = world.unlocked_member()
    request, burn = world.start(member, old)
    signature = world.burn(member, burn)
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    world.work()

    request = reread(request)
    assert request.status == UpgradeStatus.COMPLETED
    assert request.burn_signature == signature
    assert request.current_nft.status == NftStatus.BURNED
    new = request.new_nft
    assert new is not None
    assert (new.tier_level, new.status) == (2, NftStatus.ACTIVE)
    old_mint, new_mint = world.mint(old.mint_address), world.mint(new.mint_address)
    assert old_mint is not None
    assert new_mint is not None
    assert (old_mint.supply, new_mint.supply, new_mint.issue) == (0, 1, request.id)
    assert world.holds(member, new.mint_address)
    assert not world.holds(member, old.mint_address)


def test_the_events_of_an_upgrade_come_in_the_documented_order(world: World) -> None:
    member, old = world.unlocked_member()
    request, burn = world.start(member, old)
    signature = world.burn(member, burn)
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    world.work()

    badges = len(request.terms["badges"])
    assert event_types(request.id) == [
        "upgrade_initiated",
        "nft_burned",
        "burn_confirmed",
        "nft_minted",
        *["badge_consumed"] * badges,
        "nft_upgraded",
        "upgrade_completed",
    ]


def test_every_transition_is_in_the_history(world: World) -> None:
    member, old = world.unlocked_member()
    request, burn = world.start(member, old)
    signature = world.burn(member, burn)
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    world.work()

    steps = [(row.from_status, row.to_status) for row in request.history.all()]
    told = Event.objects.filter(type="upgrade_status_changed").order_by("id")
    assert [(event.data["fromStatus"], event.data["toStatus"]) for event in told] == steps[1:]
    assert steps == [
        ("", "awaiting_burn"),
        ("awaiting_burn", "verifying_burn"),
        ("verifying_burn", "minting"),
        ("minting", "completed"),
    ]


def test_a_signed_burn_is_sent_for_the_member(world: World) -> None:
    member, old = world.unlocked_member()
    request, burn = world.start(member, old)
    raw = member.sign(burn.raw)
    submit_signed_burn(user=member.user, request_id=request.id, raw=raw, now=world.now)
    world.work(rounds=24)

    assert reread(request).status == UpgradeStatus.COMPLETED


def test_a_burn_that_nobody_reported_is_found(world: World) -> None:
    member, old = world.unlocked_member()
    request, burn = world.start(member, old)
    world.work(rounds=2)
    signature = world.burn(member, burn)
    world.work(rounds=24)

    request = reread(request)
    assert (request.status, request.burn_signature) == (UpgradeStatus.COMPLETED, signature)


def test_badges_are_reserved_by_the_start_and_consumed_only_with_the_mint(world: World) -> None:
    member, old = world.unlocked_member()
    request, burn = world.start(member, old)
    badges = EarnedBadge.objects.held_for(request.id)
    assert badges.count() == len(request.terms["badges"]) > 0
    assert {badge.status for badge in badges.all()} == {BadgeStatus.RESERVED}
    world.burn(member, burn)
    world.work(rounds=11, slots=0)  # the burn is proven, the mint is sent and not final
    assert reread(request).status == UpgradeStatus.MINTING
    assert {badge.status for badge in badges.all()} == {BadgeStatus.RESERVED}
    world.work()
    assert {badge.status for badge in badges.all()} == {BadgeStatus.CONSUMED}
