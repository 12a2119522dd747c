"""What the proof against a lying network is worth: each guard taken away is noticed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from solders.keypair import Keypair

from badges.services import consume_badges
from chain import client
from nft.models import UpgradeRequest
from nft.services import accepting, mint_signing
from tests.faults.network.machine import LyingNetwork
from tests.faults.network.node import FINALITY, LyingNode
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


def begun(node: LyingNode) -> LyingNetwork:
    LyingNetwork.node = node
    machine = LyingNetwork()
    machine.begin(seed=1)
    settings.SOLANA_RPC_TIMEOUT_SECONDS = PATIENCE  # nobody lies here
    return machine


def burned(machine: LyingNetwork, *, slots: int = FINALITY + 1) -> None:
    """A burn that was told, `slots` ago; then workers look at it."""
    machine.upgrade(who=0, tell=True)
    machine.node.tick(slots)
    machine.work(rounds=1, slots=0)


def closed(machine: LyingNetwork) -> None:
    machine.start(who=0)
    machine.cancel(who=0)
    machine.work(rounds=4, slots=1)


def verify_at_confirmed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(client, "_FINALIZED", {"commitment": "confirmed"})


def consume_before_the_mint(patch: pytest.MonkeyPatch) -> None:
    begin = accepting._begin_minting

    def hasty(owner: UpgradeRequest, *rest: Any) -> None:
        begin(owner, *rest)
        consume_badges(request_id=owner.id, now=timezone.now())

    patch.setattr(accepting, "_begin_minting", hasty)


def close_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(UpgradeRequest, "burn_is_safe_after_height", lambda _: -1_000)


def mint_anywhere(patch: pytest.MonkeyPatch) -> None:
    """The address is not derived from the request."""
    patch.setattr(mint_signing, "mint_keypair", lambda _: Keypair())


def burn_early(machine: LyingNetwork) -> None:
    burned(machine, slots=2)


def burn_and_work_on(machine: LyingNetwork) -> None:
    burned(machine)
    for _ in range(12):
        machine.let_time_pass(seconds=400)
        machine.work(rounds=1, slots=40)


def burn_after_the_end(machine: LyingNetwork) -> None:
    closed(machine)
    machine.burn(who=0, which=1)


@pytest.mark.parametrize(
    ("break_guard", "act", "breach"),
    [
        (verify_at_confirmed, burn_early, "not on the chain for good"),
        (consume_before_the_mint, burned, "holds {'consumed'"),
        (close_at_once, burn_after_the_end, "closed over a burn that we issued"),
        (mint_anywhere, burn_and_work_on, "minted \\d times"),
    ],
)
def test_a_guard_taken_away_is_noticed(
    node: LyingNode,
    monkeypatch: pytest.MonkeyPatch,
    break_guard: Callable[[pytest.MonkeyPatch], None],
    act: Callable[[LyingNetwork], None],
    breach: str,
) -> None:
    whole = begun(node)
    act(whole)
    whole.nothing_is_broken()
    whole.teardown()
    broken = begun(node)
    break_guard(monkeypatch)
    act(broken)
    with pytest.raises(AssertionError, match=breach):
        broken.nothing_is_broken()
