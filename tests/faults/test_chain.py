"""The node refuses, hangs or talks nonsense: rows wait and go on, nobody is kept waiting."""

import pytest

from tests.faults.member import owners
from tests.faults.system import FaultySystem, eventually

pytestmark = pytest.mark.e2e

FAULTS = ("hangs", "html", "nonsense", "502", "refuses")


def test_burned_upgrades_outlast_every_fault_of_the_node(system: FaultySystem) -> None:
    starter, *burners = owners(system, 1 + len(FAULTS))
    wish = starter.next_upgrade()
    upgrades = []
    for fault, burner in zip(FAULTS, burners, strict=True):
        upgrade = burner.start_upgrade()
        signature = burner.burn(upgrade)
        failed = system.rpc.failed
        with system.rpc.answering(fault):
            burner.confirm(upgrade, signature)
            refused = starter.send("POST", "/api/nft/upgrade", wish)
            assert (refused.status_code, refused.json()["error_code"]) == (503, "CHAIN_UNAVAILABLE")
            if fault != "refuses":
                eventually(lambda: system.rpc.failed >= failed + 2, f"a job that meets {fault}")  # noqa: B023
            assert burner.status(upgrade) == "verifying_burn"
        upgrades.append(upgrade)
    for burner, upgrade in zip(burners, upgrades, strict=True):
        burner.wait_for(upgrade, "completed")
        assert len(burner.minted()) == 1
    assert starter.start_upgrade()["status"] == "awaiting_burn"


def test_a_mint_outlasts_a_node_that_is_away(system: FaultySystem) -> None:
    [member] = owners(system, 1)
    upgrade = member.start_upgrade()
    member.confirm(upgrade, member.burn(upgrade))
    eventually(lambda: member.status(upgrade) == "minting", "minting")
    with system.rpc.answering("502"):
        eventually(lambda: attempts(system, upgrade) >= 1, "a failed attempt")
    member.wait_for(upgrade, "completed")
    assert len(member.minted()) == 1


def attempts(system: FaultySystem, upgrade: dict[str, str]) -> int:
    statement = "SELECT attempt FROM nft_mintorder WHERE request_id = %s"
    return int(system.sql(statement, upgrade["upgradeRequestId"])[0][0])
