"""Signatures that prove nothing, and burns that are somebody else's."""

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from spl.token import instructions as spl
from spl.token import models as spl_models

from chain import token2022
from core.errors import Conflict, InvalidInput, NotFound
from events.models import Event
from nft.chain_access import on_chain, payer
from nft.models import UpgradeStatus
from nft.services.confirming import confirm_burn, submit_signed_burn
from tests.nft.world import World, event_types, reread

pytestmark = pytest.mark.django_db


def rejection_code(request) -> str:
    event = Event.objects.filter(
        type="burn_rejected", data__upgradeRequestId=str(request.id)
    ).latest("id")
    return str(event.data["error"]["error_code"])


def test_an_unknown_signature_returns_to_waiting_after_150_blocks(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    unknown = str(Signature.new_unique())
    confirm_burn(user=member.user, request_id=request.id, signature=unknown, now=world.now)
    world.work(rounds=3, slots=10)
    assert reread(request).status == UpgradeStatus.VERIFYING_BURN
    world.work(rounds=20, slots=10)
    request = reread(request)
    assert request.status == UpgradeStatus.AWAITING_BURN
    assert request.error_code == rejection_code(request) == "BURN_NOT_SEEN"


def test_a_rejected_request_can_still_be_completed(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    other = world.send(transfer_to_self(world, member))
    world.chain.tick(40)
    confirm_burn(user=member.user, request_id=request.id, signature=other, now=world.now)
    world.work()
    assert reread(request).status == UpgradeStatus.AWAITING_BURN
    signature = world.burn(member, burn)
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    world.work()
    assert reread(request).status == UpgradeStatus.COMPLETED
    assert reread(request).error_code == ""


def transfer_to_self(world: World, member) -> bytes:
    from solders.system_program import TransferParams, transfer

    blockhash = on_chain(lambda chain: chain.latest_blockhash())
    pay = transfer(
        TransferParams(from_pubkey=member.key.pubkey(), to_pubkey=member.key.pubkey(), lamports=1)
    )
    message = Message.new_with_blockhash(
        [pay], member.key.pubkey(), Hash.from_string(blockhash.value)
    )
    return bytes(VersionedTransaction(message, [member.key]))


def test_someone_elses_burn_proves_nothing(world: World) -> None:
    member, nft = world.unlocked_member()
    thief, thiefs_nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    stolen_for, _ = world.start(thief, thiefs_nft)
    signature = world.burn(member, burn)
    confirm_burn(user=thief.user, request_id=stolen_for.id, signature=signature, now=world.now)
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED
    assert reread(stolen_for).status == UpgradeStatus.AWAITING_BURN
    assert rejection_code(stolen_for) == "BURN_WRONG_MINT"


def test_a_hint_for_someone_elses_burn_does_not_take_it_from_them(world: World) -> None:
    member, nft = world.unlocked_member()
    thief, thiefs_nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    blocking, _ = world.start(thief, thiefs_nft)
    signature = world.send(member.sign(burn.raw))
    confirm_burn(user=thief.user, request_id=blocking.id, signature=signature, now=world.now)
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED


def test_a_burn_that_proved_another_upgrade_is_refused_at_once(world: World) -> None:
    member, nft = world.unlocked_member()
    other, others_nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    signature = world.burn(member, burn)
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    world.work()
    second, _ = world.start(other, others_nft)
    with pytest.raises(Conflict) as refused:
        confirm_burn(user=other.user, request_id=second.id, signature=signature, now=world.now)
    assert refused.value.code == "BURN_SIGNATURE_USED"


def test_confirming_again_changes_nothing(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    signature = world.burn(member, burn)
    for _ in range(3):
        confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    world.work()
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    assert reread(request).status == UpgradeStatus.COMPLETED
    assert event_types(request.id).count("burn_confirmed") == 1


def test_someone_elses_upgrade_cannot_be_confirmed(world: World) -> None:
    member, nft = world.unlocked_member()
    stranger = world.new_member()
    request, _ = world.start(member, nft)
    with pytest.raises(NotFound):
        confirm_burn(
            user=stranger.user,
            request_id=request.id,
            signature=str(Signature.new_unique()),
            now=world.now,
        )


def test_a_signed_transaction_that_we_did_not_build_is_refused(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    with pytest.raises(InvalidInput):
        submit_signed_burn(
            user=member.user,
            request_id=request.id,
            raw=transfer_to_self(world, member),
            now=world.now,
        )
    assert reread(request).status == UpgradeStatus.AWAITING_BURN


def test_a_burn_signed_by_another_key_is_refused(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    transaction = VersionedTransaction.from_bytes(burn.raw)
    forged = VersionedTransaction.populate(
        transaction.message, [Keypair().sign_message(b"something else")]
    )
    with pytest.raises(InvalidInput):
        submit_signed_burn(
            user=member.user, request_id=request.id, raw=bytes(forged), now=world.now
        )


def burn_as_delegate(world: World, member, mint: str) -> str:
    """The member lets the payer's key burn: the authority is then not the wallet."""
    owner, address = member.key.pubkey(), Pubkey.from_string(mint)
    account = spl.get_associated_token_address(owner, address, token2022.PROGRAM)
    approve = spl.approve(
        spl_models.ApproveParams(
            program_id=token2022.PROGRAM,
            source=account,
            delegate=payer().pubkey(),
            owner=owner,
            amount=1,
        )
    )
    burn = spl.burn_checked(
        spl_models.BurnCheckedParams(
            program_id=token2022.PROGRAM,
            mint=address,
            account=account,
            owner=payer().pubkey(),
            amount=1,
            decimals=0,
        )
    )
    return world.run([approve, burn], payer(), member.key)


def test_a_burn_that_cannot_be_proven_goes_to_review_and_never_closes(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    burn_as_delegate(world, member, nft.mint_address)
    world.work(rounds=3)
    world.pass_time(minutes=6)
    world.work(rounds=3)
    request = reread(request)
    assert request.status == UpgradeStatus.NEEDS_REVIEW
    stuck = Event.objects.filter(type="request_stuck").latest("id")
    assert stuck.data["upgradeRequestId"] == str(request.id)
    world.pass_time(days=2)
    world.work()
    assert reread(request).status == UpgradeStatus.NEEDS_REVIEW
