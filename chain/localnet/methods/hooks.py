"""Levers for tests, served only with --test-hooks."""

from chain.localnet.params import Params
from chain.localnet.service import Localnet

from .table import Method, Table

MAX_TICKS = 10_000


def tick(net: Localnet, params: Params) -> int:
    """Begin so many slots at once; answers the new slot."""
    net.tick(params.integer(0, low=1, high=MAX_TICKS))
    return net.ledger.slot


def rollback(net: Localnet, params: Params) -> int:
    """Abandon the newest slots that are not finalized; answers the current slot."""
    net.rollback(params.integer(0, low=1, high=MAX_TICKS))
    return net.ledger.slot


TEST_HOOKS: Table = {
    "localnet_tick": Method(tick, 1),
    "localnet_rollback": Method(rollback, 1),
}
