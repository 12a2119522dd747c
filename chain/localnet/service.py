"""One localnet: the ledger, who listens to it, and what its operator allowed."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .ledger import Landed, Ledger

DEFAULT_AIRDROP_CAP = 1_000 * 10**9  # lamports a request


@dataclass
class Localnet:
    ledger: Ledger
    airdrop_cap: int = DEFAULT_AIRDROP_CAP
    test_hooks: bool = False
    clock: Callable[[], float] = time.time  # seconds since 1970
    on_landed: list[Callable[[Landed], None]] = field(default_factory=list)
    on_slot: list[Callable[[], None]] = field(default_factory=list)
    on_rollback: list[Callable[[int], None]] = field(default_factory=list)

    def tick(self, slots: int = 1) -> None:
        for _ in range(slots):
            self.ledger.tick(self.clock())
            for listener in self.on_slot:
                listener()

    def announce(self, landed: Landed | None) -> None:
        if landed is not None:
            for listener in self.on_landed:
                listener(landed)

    def rollback(self, slots: int) -> None:
        self.ledger.rollback(slots)
        for listener in self.on_rollback:
            listener(self.ledger.slot - slots)
