"""Many at the same moment, each with a database connection of their own."""

from collections import Counter
from typing import Any

import pytest

from core.errors import DomainError
from nft.models import MintOrder, UpgradeRequest, UserNft
from nft.services.closing import cancel_upgrade, expire_upgrades
from nft.services.confirming import confirm_burn
from nft.services.minting import advance_mint
from nft.services.proving import check_burn
from nft.services.seeding import seed_ladder
from nft.services.unlocking import unlock_nft
from tests.nft.test_whose_burn import burn_own
from tests.nft.world import World, event_types, reread
from tests.together import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def outcomes(results: list[Any]) -> Counter[str]:
    return Counter(
        result.code if isinstance(result, DomainError) else type(result).__name__
        for result in results
    )


def test_of_many_starts_exactly_one_wins(world: World) -> None:
    member, nft = world.unlocked_member()
    results = run_together([lambda: world.start(member, nft)] * 20)
    assert outcomes(results) == {"tuple": 1, "UPGRADE_IN_PROGRESS": 19}
    assert UpgradeRequest.objects.count() == 1
    assert MintOrder.objects.filter(purpose="upgrade-mint:v1").count() == 1


def test_of_many_unlocks_exactly_one_wins(world: World) -> None:
    member = world.new_member(level=1)

    def unlock() -> UserNft:
        return unlock_nft(user=member.user, tier_level=1, now=world.now, keep=lambda _: None)

    results = outcomes(run_together([unlock] * 20))
    assert results["UserNft"] == 1
    assert UserNft.objects.count() == MintOrder.objects.count() == 1


def test_many_confirmations_prove_one_burn(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    signature = world.burn(member, burn)

    def confirm() -> object:
        return confirm_burn(
            user=member.user, request_id=request.id, signature=signature, now=world.now
        )

    assert outcomes(run_together([confirm] * 20)) == {"UpgradeRequest": 20}
    run_together([lambda: check_burn(request_id=request.id, now=world.now)] * 8)
    world.work()
    assert reread(request).status == "completed"
    assert event_types(request.id).count("burn_confirmed") == 1


def test_many_workers_on_one_mint_make_one_nft(world: World) -> None:
    member = world.new_member(level=1)
    nft = unlock_nft(user=member.user, tier_level=1, now=world.now, keep=lambda _: None)
    order = MintOrder.objects.get(request_id=nft.id)
    for _ in range(4):
        world.pass_time(seconds=1)
        run_together([lambda: advance_mint(order_id=order.id, now=world.now)] * 8)
        world.chain.tick(12)
    world.work()
    account = world.mint(order.mint_address)
    assert account is not None
    assert account.supply == 1
    assert event_types_of_unlock(nft) == ["nft_minted", "nft_unlocked"]


def event_types_of_unlock(nft: UserNft) -> list[str]:
    from events.models import Event

    found = Event.objects.filter(data__nftId=str(nft.id)).order_by("id")
    found = found.exclude(audience="internal")
    return list(found.values_list("type", flat=True))


def test_confirm_cancel_and_expiry_at_once_leave_one_story(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    signature = world.burn(member, burn)
    late = request.expires_at
    calls = [
        lambda: confirm_burn(
            user=member.user, request_id=request.id, signature=signature, now=late
        ),
        lambda: cancel_upgrade(user=member.user, request_id=request.id, now=late),
        lambda: expire_upgrades(now=late),
        lambda: check_burn(request_id=request.id, now=late),
    ]
    run_together(calls * 3)
    world.now = late
    world.work(rounds=24)
    assert reread(request).status == "completed"
    types = event_types(request.id)
    assert types.count("upgrade_completed") == 1
    assert not {"upgrade_cancelled", "upgrade_expired"} & set(types)


def test_a_late_burn_and_the_newer_request_do_not_wait_for_each_other(world: World) -> None:
    member, nft = world.unlocked_member()
    first, _ = world.start(member, nft)
    cancel_upgrade(user=member.user, request_id=first.id, now=world.now)
    world.chain.tick(190)
    world.work(slots=10)
    second, _ = world.start(member, nft)
    signature = burn_own(world, member, nft, first.id)
    world.pass_time(minutes=2)
    calls = [
        lambda: check_burn(request_id=first.id, now=world.now),
        lambda: check_burn(request_id=second.id, now=world.now),
        lambda: cancel_upgrade(user=member.user, request_id=second.id, now=world.now),
        lambda: confirm_burn(
            user=member.user, request_id=first.id, signature=signature, now=world.now
        ),
        lambda: expire_upgrades(now=second.expires_at),
    ]
    results = run_together(calls * 3)
    strange = [r for r in results if isinstance(r, Exception) and not isinstance(r, DomainError)]
    assert strange == []
    world.work(rounds=30)
    assert reread(first).status == "completed"
    assert reread(second).status in ("cancelled", "expired")
    assert UserNft.objects.of_user(member.user.id).count() == 2


@pytest.fixture(autouse=True)
def _ladder(tiers: object) -> None:
    """The seeded ladder; the tables are emptied after each of these tests."""
    seed_ladder()
