"""To whom a burn belongs when it names several requests, none, or somebody else's."""

from datetime import timedelta
from uuid import UUID

import pytest
from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import Message
from solders.transaction import VersionedTransaction
from spl.memo.constants import MEMO_PROGRAM_ID
from spl.memo.instructions import create_memo
from spl.memo.models import MemoParams
from spl.token import instructions as spl
from spl.token import models as spl_models

from badges.models import BadgeStatus, EarnedBadge
from chain import token2022
from chain.addresses import parse_address
from chain.nft import burn_memo
from events.models import Event
from nft.chain_access import on_chain
from nft.models import NftStatus, UpgradeRequest, UpgradeStatus, UserNft
from nft.services.closing import cancel_upgrade
from nft.services.confirming import confirm_burn
from tests.nft.world import FINALITY, Member, World, event_types, reread

pytestmark = pytest.mark.django_db


def burn_steps(member: Member, nft: UserNft, *named: UUID) -> list[Instruction]:
    """A burn as a wallet builds it, with one memo for each request that it names."""
    owner, mint = member.key.pubkey(), parse_address(nft.mint_address)
    burn = spl_models.BurnCheckedParams(
        program_id=token2022.PROGRAM,
        mint=mint,
        account=spl.get_associated_token_address(owner, mint, token2022.PROGRAM),
        owner=owner,
        amount=1,
        decimals=0,
    )
    memos = [
        create_memo(
            MemoParams(program_id=MEMO_PROGRAM_ID, signer=owner, message=burn_memo(name).encode())
        )
        for name in named
    ]
    return [*memos, spl.burn_checked(burn)]


def send_own(world: World, steps: list[Instruction], *signers: Member) -> str:
    """Signed and sent, not finalized; the first signer pays."""
    blockhash = on_chain(lambda chain: chain.latest_blockhash())
    keys = [member.key for member in signers]
    message = Message.new_with_blockhash(steps, keys[0].pubkey(), Hash.from_string(blockhash.value))
    return world.send(bytes(VersionedTransaction(message, keys)))


def burn_own(world: World, member: Member, nft: UserNft, *named: UUID) -> str:
    signature = send_own(world, burn_steps(member, nft, *named), member)
    world.chain.tick(FINALITY)
    return signature


def cancelled(world: World, member: Member, nft: UserNft) -> UpgradeRequest:
    request, _ = world.start(member, nft)
    cancel_upgrade(user=member.user, request_id=request.id, now=world.now)
    world.chain.tick(190)
    world.work(slots=10)
    assert reread(request).status == UpgradeStatus.CANCELLED
    return reread(request)


def new_nfts(member: Member) -> int:
    return UserNft.objects.of_user(member.user.id).filter(origin="upgrade").count()


def test_a_burn_that_names_two_requests_makes_one_nft(world: World) -> None:
    member, nft = world.unlocked_member()
    first = cancelled(world, member, nft)
    second, _ = world.start(member, nft)
    burn_own(world, member, nft, first.id, second.id)
    world.pass_time(minutes=2)
    world.work(rounds=30)
    assert new_nfts(member) == 1
    states = {reread(first).status, reread(second).status}
    assert states == {UpgradeStatus.COMPLETED, UpgradeStatus.CANCELLED}


def test_a_burn_whose_memo_names_a_strangers_request_is_its_owners(world: World) -> None:
    member, nft = world.unlocked_member()
    stranger, strangers_nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    foreign, _ = world.start(stranger, strangers_nft)
    burn_own(world, member, nft, foreign.id)
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED
    assert reread(foreign).status == UpgradeStatus.AWAITING_BURN


def test_two_wallets_that_burn_in_one_transaction_both_get_their_nft(world: World) -> None:
    one, ones_nft = world.unlocked_member()
    two, twos_nft = world.unlocked_member()
    first, _ = world.start(one, ones_nft)
    second, _ = world.start(two, twos_nft)
    steps = [*burn_steps(one, ones_nft, first.id), *burn_steps(two, twos_nft, second.id)]
    send_own(world, steps, one, two)
    world.chain.tick(FINALITY)
    world.work(rounds=24)
    assert {reread(first).status, reread(second).status} == {UpgradeStatus.COMPLETED}
    assert (new_nfts(one), new_nfts(two)) == (1, 1)


def test_a_burn_sent_before_the_cancel_is_honoured_without_any_memo(world: World) -> None:
    """It is not final when closing looks, and no transaction of ours can land any more."""
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    world.chain.tick(200)
    send_own(world, burn_steps(member, nft), member)
    cancel_upgrade(user=member.user, request_id=request.id, now=world.now)
    world.work(rounds=30)
    assert reread(request).status == UpgradeStatus.COMPLETED
    assert reread(request).waived_badges == []


def test_a_burn_after_the_end_that_names_nothing_leaves_the_truth_behind(world: World) -> None:
    member, nft = world.unlocked_member()
    request = cancelled(world, member, nft)
    signature = burn_own(world, member, nft)
    world.pass_time(minutes=2)
    world.work(rounds=5)
    nft.refresh_from_db()
    assert (nft.status, nft.burn_signature) == (NftStatus.BURNED, signature)
    told = Event.objects.filter(type="nft_burned", data__nftId=str(nft.id))
    assert [event.data["upgradeRequestId"] for event in told] == [None]
    assert not UpgradeRequest.objects.awaiting_proof().filter(id=request.id).exists()


def test_a_burn_after_the_end_that_the_member_submits_is_honoured(world: World) -> None:
    member, nft = world.unlocked_member()
    request = cancelled(world, member, nft)
    signature = burn_own(world, member, nft)
    world.pass_time(minutes=2)
    world.work(rounds=3)  # found first, and taken for a burn without a purpose
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED
    assert new_nfts(member) == 1
    assert Event.objects.filter(type="nft_burned", data__nftId=str(nft.id)).count() == 1


def test_what_else_became_of_the_row_does_not_cost_the_member_the_new_nft(world: World) -> None:
    """Whoever follows owners on chain may have seen the NFT leave, and come back."""
    member, nft = world.unlocked_member()
    request = cancelled(world, member, nft)
    nft.refresh_from_db()
    nft.move(NftStatus.TRANSFERRED)
    burn_own(world, member, nft, request.id)
    world.pass_time(minutes=2)
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED


def test_badges_of_the_newer_request_come_back_when_the_older_has_the_burn(world: World) -> None:
    member, nft = world.unlocked_member()
    first = cancelled(world, member, nft)
    second, _ = world.start(member, nft)
    burn_own(world, member, nft, first.id)
    world.pass_time(minutes=2)
    world.work(rounds=30)
    badges = EarnedBadge.objects.of_user(member.user.id).with_slugs(second.terms["badges"])
    assert {badge.status for badge in badges} == {BadgeStatus.ACTIVATED}
    types = event_types(first.id)
    assert types.count("upgrade_completed") == types.count("upgrade_cancelled") == 1
    assert types[-1] == "upgrade_completed"
    assert event_types(second.id) == ["upgrade_initiated", "upgrade_cancelled"]


def test_a_burn_in_the_last_valid_block_is_honoured_while_closing(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    cancel_upgrade(user=member.user, request_id=request.id, now=world.now)
    world.work(rounds=1, slots=0)
    height = on_chain(lambda chain: chain.block_height())
    # The newest block is FINALITY - 1 ahead of the finalized one; the next is the last valid.
    world.chain.tick(burn.last_valid_block_height - height - FINALITY)
    world.send(member.sign(burn.raw))
    world.pass_time(seconds=1)
    world.work(rounds=40, slots=3)
    assert reread(request).status == UpgradeStatus.COMPLETED


def test_a_closed_request_is_looked_at_within_hours(world: World) -> None:
    member, nft = world.unlocked_member()
    request = cancelled(world, member, nft)
    world.pass_time(days=3)
    world.work(rounds=1)
    due = reread(request).next_run_at
    assert due is not None
    assert due - world.now <= timedelta(hours=6)
