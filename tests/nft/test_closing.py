"""Cancel, expiry and late burns: no burn slips in between."""

from datetime import timedelta

import pytest
from django.conf import settings
from solders.pubkey import Pubkey

from badges.models import BadgeStatus, EarnedBadge
from core.errors import Conflict
from nft.models import NftStatus, UpgradeRequest, UpgradeStatus, UserNft
from nft.services.burn_transactions import renew_burn_transaction
from nft.services.closing import cancel_upgrade, expire_upgrades
from nft.services.confirming import confirm_burn
from tests.nft.world import World, event_types, reread

pytestmark = pytest.mark.django_db

WINDOW = 150  # blocks in which an issued burn can land


def cancel(world: World, request: UpgradeRequest) -> None:
    cancel_upgrade(user=request.user, request_id=request.id, now=world.now)


def close_for_good(world: World) -> None:
    world.chain.tick(WINDOW + 40)
    world.work(slots=10)


def test_cancelling_waits_until_no_issued_burn_can_land(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    cancel(world, request)
    world.chain.tick(WINDOW - 30)
    world.work(slots=0)
    assert reread(request).status == UpgradeStatus.CLOSING
    assert reread(request).current_nft.status == NftStatus.UPGRADING
    close_for_good(world)
    assert reread(request).status == UpgradeStatus.CANCELLED


def test_a_cancelled_upgrade_gives_everything_back(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    slugs = request.terms["badges"]
    cancel(world, request)
    close_for_good(world)
    nft.refresh_from_db()
    assert nft.status == NftStatus.ACTIVE
    badges = EarnedBadge.objects.of_user(member.user.id).with_slugs(slugs)
    assert {badge.status for badge in badges} == {BadgeStatus.ACTIVATED}
    assert event_types(request.id) == ["upgrade_initiated", "upgrade_cancelled"]
    again, _ = world.start(member, nft)
    assert again.status == UpgradeStatus.AWAITING_BURN


def test_a_burn_that_lands_while_closing_is_honoured(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    cancel(world, request)
    world.work(rounds=1)
    world.burn(member, burn)
    world.work(rounds=24)
    request = reread(request)
    assert request.status == UpgradeStatus.COMPLETED
    assert request.waived_badges == []
    assert "upgrade_cancelled" not in event_types(request.id)


def test_no_burn_transaction_is_issued_once_closing_began(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    cancel(world, request)
    with pytest.raises(Conflict, match="nothing to burn"):
        renew_burn_transaction(user=member.user, request_id=request.id, now=world.now)


def test_no_burn_transaction_is_issued_for_a_mint_that_the_cluster_does_not_know(
    world: World,
) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    UserNft.objects.filter(id=nft.id).update(mint_address=str(Pubkey.new_unique()))
    with pytest.raises(Conflict, match="does not hold this NFT"):
        renew_burn_transaction(user=member.user, request_id=request.id, now=world.now)


def test_closing_waits_for_the_last_of_several_burn_transactions(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    world.chain.tick(100)
    late = renew_burn_transaction(user=member.user, request_id=request.id, now=world.now)
    cancel(world, request)
    world.chain.tick(100)  # the first can land no more, the second can
    world.work(slots=0)
    assert reread(request).status == UpgradeStatus.CLOSING
    world.burn(member, late)
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED


def test_an_upgrade_expires_by_itself(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    world.pass_time(seconds=settings.UPGRADE_TTL.total_seconds() + 1)
    assert expire_upgrades(now=world.now) == 1
    assert expire_upgrades(now=world.now) == 0
    close_for_good(world)
    assert reread(request).status == UpgradeStatus.EXPIRED
    assert event_types(request.id) == ["upgrade_initiated", "upgrade_expired"]


def test_expiry_does_not_depend_on_its_job(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    world.pass_time(seconds=settings.UPGRADE_TTL.total_seconds() + 1)
    world.work()
    assert reread(request).status == UpgradeStatus.CLOSING
    assert reread(request).closing_as == UpgradeStatus.EXPIRED


def test_a_burn_at_the_last_moment_beats_expiry(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    world.burn(member, burn)
    world.pass_time(seconds=settings.UPGRADE_TTL.total_seconds() + 1)
    expire_upgrades(now=world.now)
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED


def test_cancelling_twice_is_cancelling_once(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    cancel(world, request)
    cancel(world, request)
    close_for_good(world)
    cancel(world, request)
    assert reread(request).status == UpgradeStatus.CANCELLED
    assert request.history.filter(to_status="closing").count() == 1


def test_a_burn_under_verification_cannot_be_cancelled(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    signature = world.send(member.sign(burn.raw))
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    with pytest.raises(Conflict, match="cannot be cancelled"):
        cancel(world, request)


def closed_request(world: World) -> tuple:
    """A cancelled request, and a burn for it that the member built with their own wallet."""
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    cancel(world, request)
    close_for_good(world)
    assert reread(request).status == UpgradeStatus.CANCELLED
    return member, nft, request


def late_burn(world: World, member, request) -> str:
    from nft.chain_access import on_chain
    from nft.services.burn_planning import look_before_burn
    from nft.services.burn_transactions import build_burn_transaction

    wallet, mint = member.wallet, request.current_nft.mint_address
    facts = on_chain(lambda chain: look_before_burn(chain, wallet=wallet, mint=mint))
    burn = build_burn_transaction(request=request, facts=facts, now=world.now)
    return world.burn(member, burn)


def test_a_late_burn_that_names_a_closed_upgrade_is_honoured(world: World) -> None:
    member, _nft, request = closed_request(world)
    late_burn(world, member, request)
    world.pass_time(minutes=2)
    world.work(rounds=24)
    request = reread(request)
    assert request.status == UpgradeStatus.COMPLETED
    assert request.is_late
    assert request.waived_badges == request.terms["badges"]
    assert request.new_nft is not None
    assert world.holds(member, request.new_nft.mint_address)


def test_a_late_burn_consumes_no_badge_that_was_released(world: World) -> None:
    member, _nft, request = closed_request(world)
    late_burn(world, member, request)
    world.pass_time(minutes=2)
    world.work(rounds=24)
    badges = EarnedBadge.objects.of_user(member.user.id).with_slugs(request.terms["badges"])
    assert {badge.status for badge in badges} == {BadgeStatus.ACTIVATED}


def test_a_late_burn_for_a_closed_upgrade_ends_the_newer_one(world: World) -> None:
    member, nft, first = closed_request(world)
    second, _ = world.start(member, nft)
    late_burn(world, member, first)
    world.pass_time(minutes=2)
    world.work(rounds=30)
    assert reread(first).status == UpgradeStatus.COMPLETED
    assert reread(second).status == UpgradeStatus.CANCELLED
    assert str(first.id) in reread(second).closing_reason
    held = EarnedBadge.objects.held_for(second.id).filter(status=BadgeStatus.RESERVED)
    assert not held.exists()


def test_a_closed_upgrade_is_watched_ever_more_rarely_and_then_no_more(world: World) -> None:
    _, _, request = closed_request(world)
    world.pass_time(days=10)
    world.work(rounds=1)
    next_look = reread(request).next_run_at
    assert next_look is not None
    assert next_look - world.now > timedelta(hours=5)
    world.pass_time(days=settings.LATE_BURN_WATCH.days)
    world.work(rounds=1)
    assert not reread(request).watch_burn
