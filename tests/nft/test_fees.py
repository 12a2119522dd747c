"""What we pay for a mint is simulated first, and capped."""

import pytest
from pytest_django.fixtures import Settings
from solders.compute_budget import ID as COMPUTE_BUDGET
from solders.keypair import Keypair

from chain.nft import MAX_TRANSACTION_BYTES, build_mint
from chain.records import Blockhash, ConfirmedTransaction
from chain.signers import MemorySigner
from nft.chain_access import mint_keypair, on_chain, payer
from nft.models import MintOrder, OrderStatus, Tier
from nft.services.mint_texts import texts_of
from nft.services.minting import advance_mint
from nft.services.unlocking import unlock_nft
from tests.nft.world import World

pytestmark = pytest.mark.django_db

BASE_FEE = 10_000  # two signatures


def ordered(world: World) -> MintOrder:
    member = world.new_member(level=1)
    nft = unlock_nft(user=member.user, tier_level=1, now=world.now, keep=lambda _: None)
    return MintOrder.objects.get(request_id=nft.id)


def landed(world: World, order: MintOrder) -> ConfirmedTransaction:
    world.work()
    order.refresh_from_db()
    found = on_chain(lambda chain: chain.transaction(order.signature or ""))
    assert found is not None
    assert found.error is None
    return found


def limits(transaction: ConfirmedTransaction) -> list[tuple[int, int]]:
    """(2, units) and (3, price) of its compute budget."""
    ours = (it for it in transaction.instructions if it.program == str(COMPUTE_BUDGET))
    return [(it.data[0], int.from_bytes(it.data[1:], "little")) for it in ours]


def test_a_mint_asks_for_what_its_simulation_used(world: World) -> None:
    [(kind, units)] = limits(landed(world, ordered(world)))
    assert kind == 2
    assert 10_000 < units < 200_000


def test_a_mint_that_failed_before_offers_more_but_never_more_than_the_cap(
    world: World, settings: Settings
) -> None:
    settings.PRIORITY_FEE_CAP_LAMPORTS = 500
    order = ordered(world)
    order.change(attempt=1)
    assert 0 < landed(world, order).fee - BASE_FEE < 500
    order = ordered(world)
    order.change(attempt=9)
    assert 490 < landed(world, order).fee - BASE_FEE <= 500


def test_what_would_fail_is_never_signed(world: World, settings: Settings) -> None:
    """Its payer has nothing: known before a transaction exists that could land later."""
    order, rich = ordered(world), settings.MINT_AUTHORITY
    settings.MINT_AUTHORITY = MemorySigner(Keypair())
    advance_mint(order_id=order.id, now=world.now)
    order.refresh_from_db()
    assert (order.error_code, order.signed_transaction) == ("FEE_PAYER_EMPTY", None)
    settings.MINT_AUTHORITY = rich
    world.pass_time(seconds=10)
    assert landed(world, order).signature == order.signature
    assert order.status == OrderStatus.MINTED


def test_texts_without_room_for_a_budget_are_minted_without(
    world: World, tiers: list[Tier]
) -> None:
    order = ordered(world)
    room = {**order.terms, "symbol": "S" * 10, "name": "N" * 25}
    MintOrder.objects.filter(id=order.id).update(
        terms={**room, "name": "N" * _longest(order, room)}
    )
    order.refresh_from_db()
    assert limits(landed(world, order)) == []


def _longest(order: MintOrder, terms: dict[str, str]) -> int:
    """The longest name that still fits one transaction."""
    order.terms = terms
    built = build_mint(
        payer=payer(), mint=mint_keypair(order), owner=order.wallet_address, **texts_of(order),
        rent_lamports=5_000_000, blockhash=Blockhash("1" * 32, 1),
    )  # fmt: skip
    return len(terms["name"]) + MAX_TRANSACTION_BYTES - len(built.raw)
