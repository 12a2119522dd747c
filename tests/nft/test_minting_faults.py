"""The mint under faults: killed, sent twice, expired, occupied, without chain or money."""

from contextlib import contextmanager
from unittest.mock import patch

import pytest
from pytest_django.fixtures import Settings
from solders.system_program import CreateAccountParams, create_account

from chain.errors import ChainUnavailable
from core.errors import Conflict
from events.models import Event
from nft.chain_access import mint_keypair, on_chain, payer
from nft.models import MintOrder, NftStatus, OrderStatus, UpgradeStatus, UserNft
from nft.services import minting
from nft.services.mint_failures import ATTEMPTS_A_ROUND, LONGEST_PAUSE, pause_after
from nft.services.minting import advance_mint
from nft.services.recording import record_mint
from nft.services.recovery import redrive_unfinished, retry_mint
from nft.services.unlocking import unlock_nft
from tests.nft.world import World, event_types, reread

pytestmark = pytest.mark.django_db

NOWHERE = "http://127.0.0.1:1"


@contextmanager
def killed_before_sending():
    """The worker dies between persisting the signed mint and sending it."""
    with patch.object(minting, "_broadcast", side_effect=ChainUnavailable("KILLED", "killed")):
        yield


def ordered(world: World) -> tuple[MintOrder, UserNft]:
    member = world.new_member(level=1)
    nft = unlock_nft(user=member.user, tier_level=1, now=world.now, keep=lambda _: None)
    return MintOrder.objects.get(request_id=nft.id), nft


def step(world: World, order: MintOrder) -> float | None:
    world.pass_time(minutes=6)  # longer than any pause
    pause = advance_mint(order_id=order.id, now=world.now)
    order.refresh_from_db()
    return pause


def supply(world: World, order: MintOrder) -> int:
    account = world.mint(order.mint_address)
    return account.supply if account else 0


def test_a_mint_is_persisted_before_it_is_sent(world: World) -> None:
    order, _ = ordered(world)
    with killed_before_sending():
        step(world, order)
    assert order.signed_transaction is not None
    assert order.last_valid_block_height is not None
    assert world.mint(order.mint_address) is None


def test_a_mint_that_was_not_sent_is_sent_later_as_it_was_signed(world: World) -> None:
    order, _ = ordered(world)
    with killed_before_sending():
        step(world, order)
    signature = order.signature
    world.work(rounds=30)
    order.refresh_from_db()
    assert (order.status, order.signature) == (OrderStatus.MINTED, signature)


def test_a_worker_killed_after_sending_mints_once(world: World) -> None:
    order, _ = ordered(world)
    step(world, order)  # signed and sent; then the worker is gone
    for _ in range(3):  # others take over, again and again
        step(world, order)
    world.chain.tick(40)
    step(world, order)
    assert order.status == OrderStatus.MINTED
    assert supply(world, order) == 1


def test_another_mint_is_signed_only_after_the_first_can_land_no_more(world: World) -> None:
    order, _ = ordered(world)
    with killed_before_sending():
        step(world, order)
        first = order.signature
        world.chain.tick(120)
        step(world, order)
        assert order.signature == first
        world.chain.tick(120)  # the finalized height has passed its last valid one
        step(world, order)
        assert order.signature is None
        step(world, order)
    assert order.signature != first
    world.work(rounds=30)
    assert supply(world, order) == 1


def test_recording_a_mint_twice_changes_nothing(world: World) -> None:
    order, nft = ordered(world)
    stale = MintOrder.objects.get(id=order.id)
    world.work()
    before = Event.objects.count()
    with pytest.raises(Conflict):
        record_mint(order=stale, signature=str(order.signature), fee_lamports=10_000, now=world.now)
    assert Event.objects.count() == before
    nft.refresh_from_db()
    assert nft.status == NftStatus.ACTIVE


def test_lamports_at_the_address_do_not_block_the_mint(world: World) -> None:
    order, _ = ordered(world)
    world.chain.airdrop(order.mint_address, 1_000_000)
    world.chain.tick(40)
    world.work()
    assert supply(world, order) == 1


def occupy(world: World, order: MintOrder) -> None:
    """An account that is no mint, at the order's address, finalized."""
    key = mint_keypair(order)
    create = create_account(
        CreateAccountParams(
            from_pubkey=payer().pubkey(),
            to_pubkey=key.pubkey(),
            lamports=2_000_000,
            space=10,
            owner=payer().pubkey(),
        )
    )
    world.run([create], payer(), key)


def test_a_foreign_account_at_our_address_makes_us_take_the_next(world: World) -> None:
    order, nft = ordered(world)
    occupied = order.mint_address
    occupy(world, order)
    world.work(rounds=20)
    order.refresh_from_db()
    nft.refresh_from_db()
    assert order.status == OrderStatus.MINTED
    assert order.mint_address != occupied
    assert [found["address"] for found in order.foreign_accounts] == [occupied]
    assert nft.mint_address == order.mint_address
    assert nft.mint_address in nft.metadata_uri
    assert supply(world, order) == 1


def test_rotating_the_secret_during_a_request_does_not_mint_twice(
    world: World, settings: Settings
) -> None:
    order, _ = ordered(world)
    address = order.mint_address
    step(world, order)
    settings.MINT_DERIVATION_SECRETS = {**settings.MINT_DERIVATION_SECRETS, 2: bytes(range(32))}
    world.work(rounds=20)
    order.refresh_from_db()
    assert (order.status, order.mint_address) == (OrderStatus.MINTED, address)
    newer, _ = ordered(world)
    assert (order.key_version, newer.key_version) == (1, 2)


def test_a_mint_already_burned_by_its_owner_still_counts_as_minted(world: World) -> None:
    member = world.new_member(level=1)
    nft = unlock_nft(user=member.user, tier_level=1, now=world.now, keep=lambda _: None)
    order = MintOrder.objects.get(request_id=nft.id)
    step(world, order)
    world.chain.tick(40)
    from chain.nft import build_burn

    blockhash = on_chain(lambda chain: chain.latest_blockhash())
    burn = build_burn(wallet=member.wallet, mint=order.mint_address, memo="x", blockhash=blockhash)
    world.burn(member, burn)
    world.work()
    order.refresh_from_db()
    assert order.status == OrderStatus.MINTED
    assert supply(world, order) == 0


def burned_upgrade(world: World):
    member, old = world.unlocked_member()
    request, burn = world.start(member, old)
    world.burn(member, burn)
    world.pass_time(seconds=30)
    from nft.services.proving import check_burn

    check_burn(request_id=request.id, now=world.now)
    return member, reread(request)


def fail_a_round(world: World, order: MintOrder) -> None:
    for _ in range(ATTEMPTS_A_ROUND):
        step(world, order)


def test_three_failures_make_a_round_and_tell_the_member(world: World, settings: Settings) -> None:
    _, request = burned_upgrade(world)
    settings.SOLANA_RPC_URL = NOWHERE
    fail_a_round(world, request.order)
    request = reread(request)
    assert request.status == UpgradeStatus.MINT_FAILED
    assert request.error_code
    assert event_types(request.id)[-1] == "mint_failed_retryable"
    event = Event.objects.filter(type="mint_failed_retryable").latest("id")
    assert event.data["attempt"] == ATTEMPTS_A_ROUND


def test_a_failed_mint_goes_on_by_itself_until_it_is_done(world: World, settings: Settings) -> None:
    member, request = burned_upgrade(world)
    settings.SOLANA_RPC_URL = NOWHERE
    for _ in range(3):
        fail_a_round(world, request.order)
    settings.SOLANA_RPC_URL = world.chain.rpc_url
    world.pass_time(minutes=6)
    world.work(rounds=20)
    request = reread(request)
    assert request.status == UpgradeStatus.COMPLETED
    assert request.error_code == ""
    assert request.new_nft is not None
    assert world.holds(member, request.new_nft.mint_address)


def test_the_members_retry_only_moves_the_next_attempt_forward(
    world: World, settings: Settings
) -> None:
    member, request = burned_upgrade(world)
    settings.SOLANA_RPC_URL = NOWHERE
    fail_a_round(world, request.order)
    request = reread(request)
    assert request.order.next_run_at is not None
    assert request.order.next_run_at > world.now
    retry_mint(user=member.user, request_id=request.id, now=world.now)
    assert reread(request).order.next_run_at == world.now
    assert reread(request).status == UpgradeStatus.MINT_FAILED


def test_there_is_nothing_to_retry_before_the_burn(world: World) -> None:
    member, old = world.unlocked_member()
    request, _ = world.start(member, old)
    with pytest.raises(Conflict, match="no mint has failed"):
        retry_mint(user=member.user, request_id=request.id, now=world.now)


def test_a_failed_unlock_tells_the_member_and_goes_on(world: World, settings: Settings) -> None:
    order, nft = ordered(world)
    settings.SOLANA_RPC_URL = NOWHERE
    fail_a_round(world, order)
    assert Event.objects.filter(type="nft_unlock_failed", user_id=order.user_id).count() == 1
    settings.SOLANA_RPC_URL = world.chain.rpc_url
    world.pass_time(minutes=6)
    world.work(rounds=20)
    nft.refresh_from_db()
    assert nft.status == NftStatus.ACTIVE


def test_pauses_grow_and_end_at_five_minutes() -> None:
    pauses = [pause_after(attempt) for attempt in range(1, 60)]
    assert pauses[0] < pauses[1] < pauses[2]
    assert max(pauses) <= LONGEST_PAUSE
    assert pauses[-1] <= LONGEST_PAUSE


def test_an_order_is_worked_on_by_one_worker_at_a_time(world: World) -> None:
    order, _ = ordered(world)
    token = MintOrder.objects.claim(order.id, now=world.now)
    assert token is not None
    assert advance_mint(order_id=order.id, now=world.now) is None
    order.refresh_from_db()
    assert order.signed_transaction is None


def test_the_claim_of_a_dead_worker_runs_out(world: World) -> None:
    order, _ = ordered(world)
    MintOrder.objects.claim(order.id, now=world.now)
    step(world, order)
    assert order.signed_transaction is not None


def test_unfinished_rows_are_driven_on_without_any_message(world: World) -> None:
    ordered(world)
    world.pass_time(minutes=1)
    assert redrive_unfinished(now=world.now) >= 1
    world.work()
    world.pass_time(minutes=1)
    assert redrive_unfinished(now=world.now) == 0


def test_another_cluster_is_not_believed(world: World, settings: Settings) -> None:
    order, _ = ordered(world)
    settings.SOLANA_GENESIS_HASH = "11111111111111111111111111111111"
    step(world, order)
    assert order.error_code == "WRONG_CLUSTER"
    assert order.signed_transaction is None
