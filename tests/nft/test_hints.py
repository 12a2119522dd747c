"""Signatures that members name: every one ends proven or rejected, whatever the request's state."""

from typing import Any

import pytest
from solders.signature import Signature

from chain.client import SolanaClient
from chain.errors import ChainRejected
from events.models import Event
from nft.models import UpgradeRequest, UpgradeStatus
from nft.services.closing import cancel_upgrade
from nft.services.confirming import confirm_burn, submit_signed_burn
from tests.nft.test_burn_rejection import burn_as_delegate
from tests.nft.test_whose_burn import burn_own, burn_steps, cancelled, send_own
from tests.nft.world import FINALITY, Member, World, event_types, reread

pytestmark = pytest.mark.django_db


def hint(world: World, member: Member, request: UpgradeRequest, signature: str) -> None:
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)


def test_a_late_burn_told_before_it_is_final_does_not_wait_for_hours(world: World) -> None:
    member, nft = world.unlocked_member()
    request = cancelled(world, member, nft)
    world.pass_time(days=3)  # looked at every six hours by now
    world.work(rounds=1)
    signature = send_own(world, burn_steps(member, nft, request.id), member)
    hint(world, member, request, signature)
    world.work(rounds=30)
    assert reread(request).status == UpgradeStatus.COMPLETED


def test_a_late_burn_told_after_the_watch_is_over_is_honoured(world: World) -> None:
    member, nft = world.unlocked_member()
    request = cancelled(world, member, nft)
    world.pass_time(days=40)
    world.work(rounds=1)
    assert not reread(request).watch_burn
    signature = send_own(world, burn_steps(member, nft, request.id), member)
    hint(world, member, request, signature)
    world.work(rounds=30)
    assert reread(request).status == UpgradeStatus.COMPLETED


def test_the_same_signature_again_wakes_a_request_that_rests(world: World) -> None:
    member, nft = world.unlocked_member()
    request = cancelled(world, member, nft)
    signature = burn_own(world, member, nft, request.id)
    rests = {"submitted_signature": signature, "watch_burn": False}
    UpgradeRequest.objects.filter(id=request.id).update(**rests)
    hint(world, member, request, signature)
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED


@pytest.mark.parametrize("is_closed", [False, True])
def test_an_unknown_signature_is_rejected_while_closing_and_after(
    world: World, is_closed: bool
) -> None:
    member, nft = world.unlocked_member()
    request = cancelled(world, member, nft) if is_closed else world.start(member, nft)[0]
    if not is_closed:
        cancel_upgrade(user=member.user, request_id=request.id, now=world.now)
    hint(world, member, request, str(Signature.new_unique()))
    world.work(rounds=40, slots=10)
    types = event_types(request.id)
    assert types.count("burn_rejected") == types.count("upgrade_cancelled") == 1
    assert reread(request).status == UpgradeStatus.CANCELLED


def test_a_signed_burn_handed_over_while_closing_is_sent_and_honoured(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    cancel_upgrade(user=member.user, request_id=request.id, now=world.now)
    raw = member.sign(burn.raw)
    submit_signed_burn(user=member.user, request_id=request.id, raw=raw, now=world.now)
    world.work(rounds=30)
    assert reread(request).status == UpgradeStatus.COMPLETED


def refuse(monkeypatch: pytest.MonkeyPatch, *signatures: str) -> None:
    """A node that cannot read some transactions: of a later version, for example."""
    read = SolanaClient.transaction

    async def transaction(self: SolanaClient, signature: str) -> Any:
        if signature in signatures:
            raise ChainRejected("UNSUPPORTED_TRANSACTION", "This version is not supported.")
        return await read(self, signature)

    monkeypatch.setattr(SolanaClient, "transaction", transaction)


def test_a_transaction_that_nobody_can_read_hides_no_burn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, nft = world.unlocked_member()
    stranger = world.new_member()
    world.chain.tick(FINALITY)
    request, burn = world.start(member, nft)
    world.send(member.sign(burn.raw))
    unreadable = send_own(world, mention(stranger, nft.mint_address), stranger)
    world.chain.tick(FINALITY)
    refuse(monkeypatch, unreadable)
    hint(world, member, request, unreadable)
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED


def mention(stranger: Member, mint: str) -> list[Any]:
    """What anybody can send: a transaction that concerns somebody else's mint."""
    from solders.system_program import TransferParams, transfer

    from chain.addresses import parse_address

    to = parse_address(mint)
    return [transfer(TransferParams(from_pubkey=stranger.key.pubkey(), to_pubkey=to, lamports=1))]


def test_a_signature_that_is_final_but_never_shown_is_not_waited_for_without_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    pruned = send_own(world, mention(member, nft.mint_address), member)
    world.chain.tick(FINALITY)

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(SolanaClient, "transaction", nothing)
    hint(world, member, request, pruned)
    world.work(rounds=24, slots=10)
    assert reread(request).status == UpgradeStatus.AWAITING_BURN


def test_the_member_is_told_that_the_burn_needs_a_review(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    burn_as_delegate(world, member, nft.mint_address)
    world.work(rounds=3)
    world.pass_time(minutes=6)
    world.work(rounds=3)
    assert event_types(request.id)[-2:] == ["upgrade_needs_review", "request_stuck"]
    told = Event.objects.get(type="upgrade_needs_review")
    assert (told.audience, told.user_id) == ("user", member.user.id)
