"""Who owns an NFT is what the chain says: transfers, burns and what an upgrade has to do with it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from badges.models import EarnedBadge
from core.errors import Conflict
from events.models import Event
from nft.models import (
    NftHolding,
    NftStatus,
    OwnershipChange,
    UpgradeRequest,
    UpgradeStatus,
    UserNft,
)
from nft.services import owner_evidence, starting
from nft.services.following import follow_nft
from nft.services.giving_away import cancel_given_away
from nft.services.qualification import qualification_of
from nft.services.unlocking import unlock_nft
from tests.nft.conftest import make_user, new_address, qualify
from tests.nft.hands import hand, notice, told
from tests.nft.test_whose_burn import burn_own, cancelled, new_nfts
from tests.nft.world import World, event_types, reread
from tests.together import run_together

pytestmark = pytest.mark.django_db


def test_a_transfer_moves_the_nft_to_the_other_member_and_tells_both_once(world: World) -> None:
    giver, nft = world.unlocked_member()
    taker = world.new_member()
    signature = hand(world, giver, nft, taker.wallet)
    notice(world)
    nft.refresh_from_db()
    assert (nft.user, nft.issued_to, nft.status) == (taker.user, giver.user, NftStatus.ACTIVE)
    events = told("nft_transferred", nft)
    assert [event.user_id for event in events] == [giver.user.id, taker.user.id]
    assert {event.data["transactionSignature"] for event in events} == {signature}
    assert events[0].data["fromWallet"] == giver.wallet
    assert events[0].data["toWallet"] == taker.wallet


def test_a_move_that_does_not_name_the_mint_is_seen_too(world: World) -> None:
    giver, nft = world.unlocked_member()
    outside = new_address()
    hand(world, giver, nft, outside, plain=True)
    notice(world)
    nft.refresh_from_db()
    assert (nft.user, nft.status) == (giver.user, NftStatus.TRANSFERRED)
    assert [event.user_id for event in told("nft_transferred", nft)] == [giver.user.id]


def test_an_nft_held_outside_is_its_wallets_once_that_signs_in(world: World) -> None:
    giver, nft = world.unlocked_member()
    outside = new_address()
    hand(world, giver, nft, outside)
    notice(world)
    newcomer = make_user(outside)
    notice(world)
    nft.refresh_from_db()
    assert (nft.user, nft.status) == (newcomer, NftStatus.ACTIVE)
    assert told("nft_transferred", nft)[-1].user_id == newcomer.id
    notice(world)
    assert len(told("nft_transferred", nft)) == 2


def test_every_hand_between_two_looks_is_told(world: World) -> None:
    one, nft = world.unlocked_member()
    two, three = world.new_member(), world.new_member()
    notice(world, rounds=1)
    hand(world, one, nft, two.wallet)
    hand(world, two, nft, one.wallet, plain=True)
    hand(world, one, nft, three.wallet)
    notice(world)
    steps = OwnershipChange.objects.filter(nft=nft).order_by("slot")
    assert [(step.from_wallet, step.to_wallet) for step in steps] == [
        (one.wallet, two.wallet),
        (two.wallet, one.wallet),
        (one.wallet, three.wallet),
    ]
    nft.refresh_from_db()
    assert nft.user == three.user


def test_an_nft_that_left_and_came_back_is_read_in_its_turn(
    world: World, settings: Settings
) -> None:
    one, nft = world.unlocked_member()
    two = world.new_member()
    notice(world, rounds=1)
    hand(world, one, nft, two.wallet)
    hand(world, two, nft, one.wallet)
    notice(world)
    assert told("nft_transferred", nft) == []
    world.now += settings.OWNERSHIP_REREAD_EVERY
    notice(world, rounds=1)
    assert len(told("nft_transferred", nft)) == 4


def test_reading_everything_again_changes_nothing(world: World) -> None:
    giver, nft = world.unlocked_member()
    taker = world.new_member()
    hand(world, giver, nft, taker.wallet)
    notice(world)
    hand(world, taker, nft, giver.wallet)
    notice(world)
    before = len(told("nft_transferred", nft))
    NftHolding.objects.filter(nft=nft).update(slot=0, next_run_at=None, seen_at=None)
    notice(world)
    assert len(told("nft_transferred", nft)) == before == 4
    nft.refresh_from_db()
    assert nft.user == giver.user


def test_what_is_not_final_does_not_count(world: World) -> None:
    giver, nft = world.unlocked_member()
    taker = world.new_member()
    world.chain.tick(1)
    hand(world, giver, nft, taker.wallet, final=False)
    notice(world)
    assert told("nft_transferred", nft) == []
    world.chain.tick(40)
    notice(world)
    assert len(told("nft_transferred", nft)) == 2


def test_a_fork_that_undoes_a_transfer_leaves_the_nft_where_it_was(world: World) -> None:
    giver, nft = world.unlocked_member()
    world.chain.tick(1)
    hand(world, giver, nft, new_address(), final=False)
    world.chain.tick(5)
    notice(world)
    world.chain.rollback(6)
    world.chain.tick(40)
    notice(world)
    nft.refresh_from_db()
    assert (nft.user, nft.status) == (giver.user, NftStatus.ACTIVE)
    assert not OwnershipChange.objects.filter(nft=nft).exists()


def test_a_burn_for_no_upgrade_is_recorded_once(world: World) -> None:
    member, nft = world.unlocked_member()
    signature = burn_own(world, member, nft)
    notice(world)
    nft.refresh_from_db()
    assert (nft.status, nft.burn_signature) == (NftStatus.BURNED, signature)
    assert [event.data["upgradeRequestId"] for event in told("nft_burned", nft)] == [None]
    assert NftHolding.objects.get(nft=nft).status == "ended"


def test_the_burn_of_an_open_upgrade_is_the_upgrades(world: World) -> None:
    member, nft = world.unlocked_member()
    notice(world, rounds=1)
    request, burn = world.start(member, nft)
    world.burn(member, burn)
    holding = NftHolding.objects.get(nft=nft)
    follow_nft(holding_id=holding.id, now=world.now + timedelta(days=1))
    assert told("nft_burned", nft) == []
    world.work(rounds=24)
    notice(world)
    assert reread(request).status == UpgradeStatus.COMPLETED
    assert [event.data["upgradeRequestId"] for event in told("nft_burned", nft)] == [
        str(request.id)
    ]


def test_an_nft_given_away_during_an_upgrade_ends_that_and_changes_hands(world: World) -> None:
    giver, nft = world.unlocked_member()
    taker = world.new_member()
    request, _ = world.start(giver, nft)
    notice(world)
    assert reread(request).status == UpgradeStatus.AWAITING_BURN  # it is where it was
    hand(world, giver, nft, taker.wallet)
    notice(world)
    nft.refresh_from_db()
    assert (nft.user, nft.status) == (giver.user, NftStatus.UPGRADING)
    assert reread(request).status == UpgradeStatus.CLOSING  # a burn may be on its way
    world.chain.tick(190)
    world.work(slots=10)
    notice(world)
    nft.refresh_from_db()
    assert (nft.user, nft.status) == (taker.user, NftStatus.ACTIVE)
    assert len(told("nft_transferred", nft)) == 2
    cancelled = Event.objects.get(type="upgrade_cancelled").data
    assert cancelled == {"upgradeRequestId": str(request.id), "reason": "The NFT left the wallet."}
    assert set(EarnedBadge.objects.active_slugs(giver.user.id)) == set(request.terms["badges"])


def test_an_upgrades_nft_that_moved_within_its_wallet_or_was_burned_is_not_given_away(
    world: World,
) -> None:
    member, nft = world.unlocked_member()
    notice(world, rounds=1)
    request, burn = world.start(member, nft)
    elsewhere = new_address()  # our rows may be behind: it lies in another account of the wallet
    NftHolding.objects.filter(nft=nft).update(token_account=elsewhere, seen_at=None)
    assert cancel_given_away(now=world.now) == 0
    world.burn(member, burn)
    world.pass_time(seconds=31)
    assert cancel_given_away(now=world.now) == 0
    assert reread(request).status == UpgradeStatus.AWAITING_BURN
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED


def test_a_burn_that_nobody_watches_for_any_more_is_still_honoured(
    world: World, settings: Settings
) -> None:
    member, nft = world.unlocked_member()
    request = cancelled(world, member, nft)
    world.now += settings.LATE_BURN_WATCH + timedelta(days=1)
    world.work(rounds=2)
    assert not reread(request).watch_burn
    burn_own(world, member, nft, request.id)
    world.work(rounds=5)
    assert reread(request).status == UpgradeStatus.CANCELLED
    notice(world)
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED
    assert event_types(request.id).count("nft_burned") == 1
    assert new_nfts(member) == 1


def test_a_new_holders_burn_is_not_a_former_holders(world: World) -> None:
    former, nft = world.unlocked_member()
    request = cancelled(world, former, nft)
    holder = world.new_member()
    hand(world, former, nft, holder.wallet)
    notice(world)
    burn_own(world, holder, nft, request.id)
    notice(world)
    world.pass_time(hours=7)
    world.work(rounds=12)
    nft.refresh_from_db()
    assert (nft.status, nft.user) == (NftStatus.BURNED, holder.user)
    assert [event.data["upgradeRequestId"] for event in told("nft_burned", nft)] == [None]
    assert reread(request).status == UpgradeStatus.CANCELLED
    assert (new_nfts(former), new_nfts(holder)) == (0, 0)


def test_an_upgrade_is_not_opened_on_an_nft_handed_over_in_that_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    giver, nft = world.unlocked_member()
    taker = world.new_member()
    look: Callable[[UserNft], Any] = starting._look_at_holding

    def look_and_lose(held: UserNft) -> Any:
        holding = look(held)
        hand(world, giver, nft, taker.wallet)
        notice(world)
        return holding

    monkeypatch.setattr(starting, "_look_at_holding", look_and_lose)
    with pytest.raises(Conflict) as refusal:
        world.start(giver, nft)
    assert refusal.value.code == "NFT_NOT_IN_WALLET"
    assert not UpgradeRequest.objects.exists()


def test_a_receiver_unlocks_as_anybody_and_the_giver_never_again(world: World) -> None:
    giver, nft = world.unlocked_member()
    taker, other_nft = world.unlocked_member()
    hand(world, giver, nft, taker.wallet)
    notice(world)
    held = UserNft.objects.of_user(taker.user.id)
    assert {row.id for row in held} == {nft.id, other_nft.id}
    level_1 = qualification_of(giver.user, now=world.now).levels[0]
    assert "ALREADY_UNLOCKED" in {reason.code for reason in level_1.missing}
    with pytest.raises(Conflict) as refusal:
        unlock_nft(user=giver.user, tier_level=1, now=world.now, keep=lambda _: None)
    assert refusal.value.code == "ALREADY_UNLOCKED"


def test_an_upgrade_by_the_new_holder(world: World) -> None:
    giver, nft = world.unlocked_member()
    taker = world.new_member()
    qualify(taker.user, 2)
    hand(world, giver, nft, taker.wallet)
    notice(world)
    nft.refresh_from_db()
    request, burn = world.start(taker, nft)
    world.burn(taker, burn)
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED
    assert new_nfts(taker) == 1


def test_many_mentions_of_an_nft_are_read_over_several_looks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    giver, nft = world.unlocked_member()
    taker = world.new_member()
    monkeypatch.setattr(owner_evidence, "MOST_READ", 3)
    for _ in range(6):
        world.chain.call("requestAirdrop", nft.mint_address, 1)
        world.chain.tick(2)
    hand(world, giver, nft, taker.wallet)
    notice(world, rounds=8)
    nft.refresh_from_db()
    assert nft.user == taker.user


def test_history_that_does_not_lead_to_the_state_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that shows the transfer in no list: the NFT stays where it was, and we say so."""
    giver, nft = world.unlocked_member()
    notice(world, rounds=1)
    hand(world, giver, nft, new_address())

    async def nothing(*_: object, **__: object) -> tuple[()]:
        return ()

    with monkeypatch.context() as patch:
        patch.setattr("chain.client.SolanaClient.signatures_for_address", nothing)
        notice(world)
    holding = NftHolding.objects.get(nft=nft)
    assert "elsewhere" in holding.trouble
    world.pass_time(minutes=6)
    notice(world)
    holding.refresh_from_db()
    nft.refresh_from_db()
    assert (holding.trouble, nft.status) == ("", NftStatus.TRANSFERRED)


@pytest.mark.django_db(transaction=True)
def test_many_workers_apply_a_transfer_once(world: World) -> None:
    giver, nft = world.unlocked_member()
    taker = world.new_member()
    notice(world, rounds=1)
    hand(world, giver, nft, taker.wallet)
    holding = NftHolding.objects.get(nft=nft)
    late = world.now + timedelta(days=1)
    # Different moments, as after a lease that ran out under a slow worker.
    calls = [
        lambda at=at: follow_nft(holding_id=holding.id, now=late + timedelta(minutes=at))
        for at in range(6)
    ]
    results = run_together(calls)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert len(told("nft_transferred", nft)) == 2
    assert OwnershipChange.objects.filter(nft=nft).count() == 1


@pytest.mark.django_db(transaction=True)
def test_indexer_and_upgrade_find_one_burn_together(world: World) -> None:
    from nft.services.proving import check_burn

    member, nft = world.unlocked_member()
    notice(world, rounds=1)
    request = cancelled(world, member, nft)
    burn_own(world, member, nft, request.id)
    holding = NftHolding.objects.get(nft=nft)
    late = world.now + timedelta(hours=7)
    run_together(
        [
            lambda: follow_nft(holding_id=holding.id, now=late),
            lambda: check_burn(request_id=request.id, now=late),
        ]
        * 4
    )
    world.now = late
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED
    assert len(told("nft_burned", nft)) == 1
    assert told("nft_burned", nft)[0].data["upgradeRequestId"] == str(request.id)
