"""Two hundred at the same moment, and what lands in the very last moment.

Each has a database connection of its own; the API's side of it is tests/faults/test_races.py.
"""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from solders.transaction import VersionedTransaction

from core.errors import DomainError
from core.redis import breaker
from nft.models import MintOrder, UpgradeRequest, UpgradeStatus, UserNft
from nft.services.closing import cancel_upgrade, expire_upgrades
from nft.services.confirming import confirm_burn
from nft.services.minting import advance_mint
from nft.services.proving import check_burn
from nft.services.seeding import seed_ladder
from tests.nft.conftest import make_nft
from tests.nft.test_races import outcomes
from tests.nft.world import Member, World, encode, event_types, reread
from tests.together import run_together

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 200
ENDS = {"upgrade_completed", "upgrade_cancelled", "upgrade_expired"}


@pytest.fixture(autouse=True)
def _ladder(tiers: object) -> None:
    """The seeded ladder; the tables are emptied after each of these tests."""
    seed_ladder()


def send_to_leader(world: World, raw: bytes) -> None:
    """Without preflight: it lands in the current block, or is dropped."""
    world.chain.call("sendTransaction", encode(raw), {"encoding": "base64", "skipPreflight": True})


def height(world: World) -> int:
    return int(world.chain.call("getBlockHeight", {"commitment": "processed"}))


def calls_of_all(
    world: World, member: Member, request: UpgradeRequest, signature: str
) -> list[Callable[[], object]]:
    """The member confirms and cancels, time is up, and workers look, all at once."""
    late = request.expires_at

    def confirm() -> object:
        return confirm_burn(user=member.user, request_id=request.id, signature=signature, now=late)

    return [
        confirm,
        lambda: cancel_upgrade(user=member.user, request_id=request.id, now=late),
        lambda: expire_upgrades(now=late),
        lambda: check_burn(request_id=request.id, now=late),
    ]


def strangers(results: list[Any]) -> list[Any]:
    """Exceptions that no caller should see."""
    return [r for r in results if isinstance(r, Exception) and not isinstance(r, DomainError)]


def expect_one_new_nft(world: World, member: Member, request: UpgradeRequest) -> None:
    request = reread(request)
    assert request.status == UpgradeStatus.COMPLETED
    assert [kind for kind in event_types(request.id) if kind in ENDS] == ["upgrade_completed"]
    assert request.new_nft is not None
    assert world.holds(member, request.new_nft.mint_address)
    assert UserNft.objects.of_user(member.user.id).filter(origin="upgrade").count() == 1


def test_without_redis_one_of_many_starts_over_all_nfts_of_a_member_wins(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but the database keeps them apart."""
    settings.SOLANA_RPC_CALLER_SECONDS = settings.SOLANA_RPC_TIMEOUT_SECONDS = 60
    member, nft = world.unlocked_member()
    others = [make_nft(member.user, origin="upgrade") for _ in range(3)]
    monkeypatch.setattr(breaker, "_closed_until", float("inf"))

    def start(chosen: UserNft) -> Callable[[], object]:
        return lambda: world.start(member, chosen)

    results = outcomes(run_together([start(each) for each in (nft, *others)] * (MANY // 4)))
    # The three others are rows that nobody minted, so the chain says that they are not there.
    assert results["tuple"] == 1
    assert set(results) <= {"tuple", "UPGRADE_IN_PROGRESS", "NFT_NOT_IN_WALLET"}
    assert UpgradeRequest.objects.count() == 1


@pytest.mark.parametrize("blocks_too_late", [0, 1])
def test_a_burn_in_the_last_valid_block_beats_cancel_and_expiry(
    world: World, blocks_too_late: int
) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    world.chain.tick(burn.last_valid_block_height - height(world) + blocks_too_late)
    raw = member.sign(burn.raw)
    signature = str(VersionedTransaction.from_bytes(raw).signatures[0])
    calls = calls_of_all(world, member, request, signature)
    results = run_together([lambda: send_to_leader(world, raw), *calls * 4])
    assert strangers(results) == []
    world.now = request.expires_at
    for _ in range(10):
        world.pass_time(minutes=3)
        world.work(rounds=4, slots=30)
    if blocks_too_late:
        assert reread(request).status in (UpgradeStatus.CANCELLED, UpgradeStatus.EXPIRED)
        assert world.holds(member, nft.mint_address)
    else:
        expect_one_new_nft(world, member, request)


def test_a_burn_that_lands_after_closing_began_races_its_end(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    cancel_upgrade(user=member.user, request_id=request.id, now=world.now)
    world.work(rounds=2, slots=0)
    world.chain.tick(burn.last_valid_block_height - height(world))
    raw = member.sign(burn.raw)
    send_to_leader(world, raw)
    looks = [lambda: check_burn(request_id=request.id, now=world.now)] * 8
    world.pass_time(seconds=1)
    results = run_together([*looks, lambda: world.chain.tick(190), *looks])
    assert strangers(results) == []
    world.work(rounds=24)
    expect_one_new_nft(world, member, request)


def test_a_secret_rotated_under_many_workers_mints_once(world: World, settings: Settings) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    world.burn(member, burn)
    world.pass_time(seconds=30)
    check_burn(request_id=request.id, now=world.now)
    order = MintOrder.objects.get(request_id=request.id)
    old = settings.MINT_DERIVATION_SECRETS

    def rotate() -> None:
        settings.MINT_DERIVATION_SECRETS = {**old, 2: bytes(range(32))}

    work = [lambda: advance_mint(order_id=order.id, now=world.now)] * 8
    for _ in range(4):
        world.pass_time(seconds=1)
        assert strangers(run_together([*work, rotate, *work])) == []
        world.chain.tick(12)
    world.work()
    expect_one_new_nft(world, member, request)
    assert MintOrder.objects.get(id=order.id).key_version == 1


def test_two_workers_on_one_burn_prove_it_once(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    world.burn(member, burn)
    world.pass_time(seconds=30)
    run_together([lambda: check_burn(request_id=request.id, now=world.now)] * 2)
    assert event_types(request.id).count("burn_confirmed") == 1
    world.work()
    expect_one_new_nft(world, member, request)
