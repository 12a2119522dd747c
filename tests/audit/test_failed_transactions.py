"""What landed with an error cost its fee all the same, so it is in the list for compliance.

Asked here: a mint without money, at a taken address, or signed beside the one that minted? a burn
that we paid, refused or overtaken by another? an anchor? told twice when two workers see it?
"""

import csv
import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings
from solders.hash import Hash
from solders.message import Message, to_bytes_versioned
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from audit.handlers import AUDIT
from audit.models import Anchor, ChainTransaction
from audit.services.anchoring import anchor_checkpoints
from audit.services.timeline import timeline
from core.errors import Conflict
from events.consumer import Consumer
from events.models import Event
from events.replay import replay_in_place
from events.selection import Selection
from events.sequencer import number_pending
from nft.chain_access import on_chain, payer
from nft.models import BurnTransaction, MintOrder
from nft.services.failed_transactions import forget_failed_mint
from tests.audit.bundles import bundle, record
from tests.events.notebooks import settle
from tests.nft.hands import hand
from tests.nft.test_minting_faults import killed_before_sending, occupy, ordered, step
from tests.nft.test_sponsoring import paid_burn, submit
from tests.nft.test_whose_burn import burn_own
from tests.nft.world import FINALITY, SOL, World, reread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("log")]


def ours() -> str:
    return str(payer().pubkey())


def land(world: World, raw: bytes | memoryview | None) -> str:
    """Sent without being asked first whether it would fail, and finalized; the signature."""
    assert raw is not None
    signature = on_chain(lambda chain: chain.broadcast(bytes(raw), skip_preflight=True))
    world.chain.tick(FINALITY)
    found = on_chain(lambda chain: chain.transaction(signature))
    assert found is not None
    return signature


def fee(signature: str) -> int:
    """What the chain says that it cost, once it says that it failed."""
    found = on_chain(lambda chain: chain.transaction(signature))
    assert found is not None
    assert found.error is not None
    return found.fee


def listed() -> list[ChainTransaction]:
    """What failed, as the group writes it, and writes it again."""
    number_pending()
    settle(Consumer(AUDIT))
    replay_in_place(group=AUDIT, selection=Selection())
    return list(ChainTransaction.objects.filter(failed=True))


def signed(world: World) -> MintOrder:
    """The order of a first NFT, whose worker died before it sent the mint."""
    order, _ = ordered(world)
    with killed_before_sending():
        step(world, order)
    return order


def test_a_mint_without_money_is_listed_beside_the_one_that_minted(world: World) -> None:
    order = signed(world)
    balance = on_chain(lambda chain: chain.balance(ours()))
    away = TransferParams(
        from_pubkey=payer().pubkey(),
        to_pubkey=world.new_member().key.pubkey(),
        lamports=balance - 1_000_000,
    )
    world.run([transfer(away)], payer())
    signature = land(world, order.signed_transaction)
    step(world, order)
    assert (order.error_code, order.signature) == ("MINT_FAILED_ON_CHAIN", None)
    world.chain.airdrop(ours(), SOL)
    world.chain.tick(FINALITY)
    world.work(rounds=30)
    order.refresh_from_db()
    assert order.status == "minted"

    (row,) = listed()
    assert (row.purpose, row.signature, row.object) == ("mint", signature, order.mint_address)
    assert (row.signer, row.fee_lamports) == (ours(), fee(signature))
    assert (row.request_id, row.user_id) == (order.request_id, order.user_id)
    assert row.correlation_id == order.correlation_id
    minted = ChainTransaction.objects.get(failed=False)
    assert (minted.purpose, minted.signature) == ("mint", order.signature)
    story = timeline(kind="nft", value=str(order.request_id))
    assert f"fee {row.fee_lamports} lamports, failed" in [entry.reason for entry in story]

    out, today = io.StringIO(), timezone.now()
    since, until = f"{today - timedelta(days=1):%Y-%m-%d}", f"{today + timedelta(days=2):%Y-%m-%d}"
    call_command(
        "audit", "transactions", "--since", since, "--until", until, stdout=out,
        stderr=io.StringIO(),
    )  # fmt: skip
    lines = csv.DictReader(io.StringIO(out.getvalue()))
    assert {it["signature"]: it["failed"] for it in lines} == {
        signature: "True", order.signature: "False",
    }  # fmt: skip


def test_a_mint_that_found_its_address_taken_is_listed(world: World) -> None:
    order = signed(world)
    raw, taken = order.signed_transaction, order.mint_address
    occupy(world, order)
    signature = land(world, raw)
    step(world, order)
    assert order.mint_address != taken
    (row,) = listed()
    assert (row.signature, row.object, row.fee_lamports) == (signature, taken, fee(signature))


def test_a_mint_signed_beside_the_one_that_minted_is_listed(world: World) -> None:
    order = signed(world)
    first = order.signed_transaction
    order.forget_signed()  # as a row from before the mint, come back from a backup, has none
    world.chain.tick(2)
    with killed_before_sending():
        step(world, order)
    second = order.signed_transaction
    minted = land(world, first)
    failed = land(world, second)
    step(world, order)
    assert (order.status, order.signature) == ("minted", minted)
    (row,) = listed()
    assert (row.signature, row.fee_lamports) == (failed, fee(failed))


def test_two_workers_who_see_the_failure_tell_it_once(world: World) -> None:
    order = signed(world)
    stale = MintOrder.objects.get(id=order.id)
    forget_failed_mint(order=order)
    with pytest.raises(Conflict):
        forget_failed_mint(order=stale)
    assert Event.objects.filter(type="transaction_failed").count() == 1


def test_a_burn_that_we_paid_and_that_failed_is_listed_though_it_proves_nothing(
    world: World, settings: Settings
) -> None:
    settings.SPONSOR_BURN_FEES = True
    member, nft, request = paid_burn(world)
    world.chain.airdrop(member.wallet, SOL)
    world.chain.tick(FINALITY)
    hand(world, member, nft, world.new_member().wallet)
    signature = land(world, BurnTransaction.objects.get().signed_transaction)
    world.work(rounds=4)
    assert reread(request).error_code == "BURN_FAILED_ON_CHAIN"
    (row,) = listed()
    assert (row.purpose, row.signature, row.object) == (
        "sponsored_fee",
        signature,
        nft.mint_address,
    )
    assert (row.signer, row.fee_lamports) == (ours(), fee(signature))
    assert (row.request_id, row.user_id) == (request.id, member.user.id)
    assert not ChainTransaction.objects.filter(purpose="burn").exists()


def test_a_burn_that_we_paid_is_listed_though_another_proved_the_upgrade(
    world: World, settings: Settings
) -> None:
    settings.SPONSOR_BURN_FEES = True
    member, nft, request = paid_burn(world)
    world.chain.airdrop(member.wallet, SOL)
    world.chain.tick(FINALITY)
    proof = burn_own(world, member, nft, request.id)
    world.chain.tick(FINALITY)
    failed = land(world, BurnTransaction.objects.get().signed_transaction)
    world.work(rounds=24)
    assert reread(request).burn_signature == proof
    (row,) = listed()
    assert (row.purpose, row.signature, row.fee_lamports) == ("sponsored_fee", failed, fee(failed))


def test_a_members_own_burn_that_failed_is_not_our_business(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    submit(world, member, request, burn)
    hand(world, member, nft, world.new_member().wallet)
    land(world, BurnTransaction.objects.get().signed_transaction)
    world.work(rounds=4)
    assert reread(request).error_code == "BURN_FAILED_ON_CHAIN"
    assert listed() == []


def test_an_anchor_that_failed_is_listed_and_signed_anew(world: World) -> None:
    record("a")
    bundle()
    signature = land(world, too_much(world))
    Anchor.objects.update(
        signed_transaction=b"x", signature=signature, last_valid_block_height=1_000_000
    )
    assert anchor_checkpoints(now=world.now) == 0
    assert Anchor.objects.get().signature == ""
    (row,) = ChainTransaction.objects.all()
    assert (row.purpose, row.failed, row.signature) == ("anchor", True, signature)
    assert (row.signer, row.fee_lamports) == (ours(), fee(signature))


def too_much(world: World) -> bytes:
    """A transaction of ours that cannot succeed: more lamports than there are."""
    blockhash = Hash.from_string(on_chain(lambda chain: chain.latest_blockhash()).value)
    target = world.new_member().key.pubkey()
    give = TransferParams(from_pubkey=payer().pubkey(), to_pubkey=target, lamports=SOL * 10**6)
    message = Message.new_with_blockhash([transfer(give)], payer().pubkey(), blockhash)
    signature = payer().sign_message(to_bytes_versioned(message))
    return bytes(VersionedTransaction.populate(message, [signature]))
