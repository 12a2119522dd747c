"""One order, one NFT: with the wrong secret, a row from a backup, an address taken and freed."""

from collections.abc import Awaitable, Callable

import pytest
from pytest_django.fixtures import Settings

from chain.client import SolanaClient
from core.errors import Conflict
from nft.chain_access import on_chain
from nft.models import MintOrder, NftStatus, OrderStatus, UpgradeStatus
from nft.services import mint_failures, minting
from nft.services.mint_evidence import MintEvidence
from nft.services.minting import advance_mint
from tests.nft.test_minting_faults import (
    burned_upgrade,
    fail_a_round,
    killed_before_sending,
    occupy,
    ordered,
    step,
    supply,
)
from tests.nft.world import World, event_types, reread

pytestmark = pytest.mark.django_db


def test_a_secret_replaced_under_its_number_mints_nothing_elsewhere(
    world: World, settings: Settings
) -> None:
    order, nft = ordered(world)
    right = settings.MINT_DERIVATION_SECRETS
    settings.MINT_DERIVATION_SECRETS = {1: bytes(range(32))}
    step(world, order)
    assert (order.error_code, order.signature) == ("MINT_SECRET_CHANGED", None)
    settings.MINT_DERIVATION_SECRETS = right
    world.pass_time(minutes=6)
    world.work(rounds=20)
    nft.refresh_from_db()
    assert nft.status == NftStatus.ACTIVE


def test_a_secret_removed_too_early_is_a_failed_mint_that_goes_on(
    world: World, settings: Settings
) -> None:
    _, request = burned_upgrade(world)
    right = settings.MINT_DERIVATION_SECRETS
    settings.MINT_DERIVATION_SECRETS = {2: bytes(range(32))}
    fail_a_round(world, request.order)
    assert reread(request).status == UpgradeStatus.MINT_FAILED
    assert reread(request).error_code == "MINT_SECRET_MISSING"
    assert event_types(request.id)[-1] == "mint_failed_retryable"
    settings.MINT_DERIVATION_SECRETS = {**right, **settings.MINT_DERIVATION_SECRETS}
    world.pass_time(minutes=6)
    world.work(rounds=20)
    assert reread(request).status == UpgradeStatus.COMPLETED


def test_the_address_is_kept_while_what_we_signed_for_it_may_land(world: World) -> None:
    """The account that stands there could be closed, and then our transaction would land."""
    order, _ = ordered(world)
    with killed_before_sending():
        step(world, order)
    address = order.mint_address
    occupy(world, order)
    step(world, order)
    assert (order.mint_address, order.foreign_accounts) == (address, [])
    world.chain.tick(150)
    world.work(rounds=30)
    order.refresh_from_db()
    assert order.status == OrderStatus.MINTED
    assert order.mint_address != address


def test_a_row_from_before_the_mint_finds_the_mint_that_was_made(world: World) -> None:
    """The database came back from a backup: the order knows nothing of what it signed."""
    order, nft = ordered(world)
    step(world, order)
    signature = order.signature
    world.chain.tick(40)
    MintOrder.objects.filter(id=order.id).update(
        signed_transaction=None, signature=None, last_valid_block_height=None
    )
    world.work(rounds=10)
    order.refresh_from_db()
    nft.refresh_from_db()
    assert (order.status, order.signature) == (OrderStatus.MINTED, signature)
    assert nft.transaction_signature == signature
    assert supply(world, order) == 1


def test_of_two_signed_mints_the_one_that_landed_is_recorded(world: World) -> None:
    """A node denied the first, which had landed; so a second was signed, which cannot."""
    order, nft = ordered(world)
    world.chain.airdrop(order.mint_address, 1_000_000)  # older than the mint, and none
    step(world, order)
    landed = order.signature
    world.chain.tick(2)
    MintOrder.objects.filter(id=order.id).update(
        signed_transaction=None, signature=None, last_valid_block_height=None
    )
    step(world, order)
    assert order.signature != landed
    world.chain.tick(40)
    world.work(rounds=10)
    order.refresh_from_db()
    nft.refresh_from_db()
    assert (order.status, order.signature) == (OrderStatus.MINTED, landed)
    assert nft.transaction_signature == landed


def test_a_failure_counted_by_somebody_else_is_no_crash(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    order, _ = ordered(world)
    settings.SOLANA_RPC_URL = "http://127.0.0.1:1"

    def meanwhile(attempt: int) -> object:
        MintOrder.objects.get(id=order.id).note_failure(code="SEEN_ELSEWHERE", message="")
        return mint_failures.FIRST_PAUSE

    monkeypatch.setattr(mint_failures, "pause_after", meanwhile)
    assert advance_mint(order_id=order.id, now=world.now) == 0.0
    order.refresh_from_db()
    assert (order.attempt, order.error_code, order.claimed_by) == (1, "SEEN_ELSEWHERE", None)


def test_a_zombie_with_old_evidence_signs_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease ran out while it looked; another worker has signed and sent meanwhile."""
    order, _ = ordered(world)
    sent: list[str | None] = []

    def slow(work: Callable[[SolanaClient], Awaitable[MintEvidence]]) -> MintEvidence:
        evidence = on_chain(work)
        monkeypatch.setattr(minting, "on_chain", on_chain)
        step(world, order)  # by another worker, after the lease
        sent.append(order.signature)
        return evidence

    monkeypatch.setattr(minting, "on_chain", slow)
    advance_mint(order_id=order.id, now=world.now)
    order.refresh_from_db()
    assert order.signature == sent[0]
    world.chain.tick(40)
    world.work()
    assert supply(world, order) == 1


def test_a_minted_order_changes_no_more(world: World) -> None:
    order, _ = ordered(world)
    world.work()
    order.refresh_from_db()
    with pytest.raises(Conflict):
        order.forget_signed()
