"""Claims end with the work, even where the worker does not live to release them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nft.claims import LEASE, ClaimQuerySet
from nft.models import MintOrder, OrderStatus, UpgradeRequest, UpgradeStatus
from nft.services.minting import advance_mint
from nft.services.proving import check_burn
from tests.nft.world import FINALITY, World


@contextmanager
def dying_before_release() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClaimQuerySet, "release", lambda *_, **__: True)
        yield


def test_a_worker_that_dies_after_the_last_step_leaves_no_claim(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    world.burn(member, burn)
    with dying_before_release():
        check_burn(request_id=request.id, now=world.now)
    found = UpgradeRequest.objects.get(id=request.id)
    assert (found.status, found.claimed_by) == (UpgradeStatus.MINTING, None)

    advance_mint(order_id=found.order_id, now=world.now)
    world.chain.tick(FINALITY)
    world.pass_time(seconds=2)
    with dying_before_release():
        advance_mint(order_id=found.order_id, now=world.now)
    order = MintOrder.objects.get(id=found.order_id)
    assert (order.status, order.claimed_by) == (OrderStatus.MINTED, None)


def test_a_message_that_comes_late_claims_no_row_that_is_done(world: World) -> None:
    _, nft = world.unlocked_member()
    order = MintOrder.objects.get(request_id=nft.id)
    world.pass_time(minutes=1)
    with dying_before_release():
        assert advance_mint(order_id=order.id, now=world.now) is None
    order.refresh_from_db()
    assert order.claimed_by is None


def test_retries_without_pause_never_put_an_attempt_off(world: World) -> None:
    _, nft = world.unlocked_member()
    order = MintOrder.objects.get(request_id=nft.id)
    MintOrder.objects.filter(id=order.id).update(
        status=OrderStatus.MINTING,
        claimed_by=order.id,
        claimed_until=world.now + LEASE,
        next_run_at=world.now + 2 * LEASE,
    )
    order.refresh_from_db()
    before = order.version
    order.hurry(now=world.now)
    assert order.version == before  # it is being made
    world.pass_time(seconds=LEASE.total_seconds())
    order.hurry(now=world.now)
    hurried = (order.version, order.next_run_at)
    assert hurried == (before + 1, world.now)
    world.pass_time(seconds=1)
    order.hurry(now=world.now)
    assert (order.version, order.next_run_at) == hurried  # it is due
