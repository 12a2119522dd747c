"""Redis refuses or hangs: every call is answered, the work waits in rows and is done later."""

import pytest

from tests.faults.member import Member, newcomer, owners
from tests.faults.system import FaultySystem

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("fault", ["refuses", "hangs"])
def test_without_redis_every_call_is_answered_and_its_work_is_done_later(
    system: FaultySystem, fault: str
) -> None:
    starter, burner, canceller = owners(system, 3)
    burned, cancelled = burner.start_upgrade(), canceller.start_upgrade()
    signature = burner.burn(burned)
    first = newcomer(system)
    with system.redis_that(fault):
        first.unlock()  # meets the broker itself: nothing has found Redis dead before
        new = Member(system)
        new.sign_in()
        new.earn(1)
        new.unlock()
        started = starter.start_upgrade()
        burner.confirm(burned, signature)
        canceller.post(cancelled["links"]["self"] + "/cancel")
    first.wait_for_nft()
    new.wait_for_nft()
    burner.wait_for(burned, "completed")
    canceller.wait_for(cancelled, "cancelled")
    assert starter.status(started) == "awaiting_burn"
    assert len(burner.minted()) == 1


def test_an_upgrade_survives_that_redis_forgets_everything(system: FaultySystem) -> None:
    [member] = owners(system, 1)
    upgrade = member.start_upgrade()
    signature = member.burn(upgrade)
    system.redis().flushall()
    member.confirm(upgrade, signature)
    system.redis().flushall()
    while member.status(upgrade) == "verifying_burn":
        system.redis().flushall()
    member.wait_for(upgrade, "completed")
    assert len(member.minted()) == 1
