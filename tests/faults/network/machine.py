"""The state machine: members, workers, clocks and faults take turns; nothing ever breaks.

The services are called in this process, which is what Celery's tasks do; a message that Celery
loses is no fault here, because nobody waits for one: rows say what is due.
"""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nft.models import UpgradeRequest
from nft.services.closing import expire_upgrades
from tests.faults.network import invariants
from tests.faults.network.holders import REFUSALS, Holder, made_up_signature
from tests.faults.network.lies import KINDS
from tests.faults.network.node import FINALITY, STOPPED, LyingNode
from tests.nft.conftest import qualify
from tests.nft.world import World

TABLES = (
    "events_event, events_user_sequence, upgrade_requests, user_nfts, nft_mintorder, accounts_user"
)
PATIENT, HURRIED = 5.0, 0.15  # seconds for one request: to an honest node, to this one
LEVELS = (1, 2, 3, 4)
ROUNDS_TO_REST = 80

members = st.integers(0, 1)
few = st.integers(1, 4)
some_slots = st.sampled_from((0, 1, 4, 12, FINALITY + 1))
seeds = st.integers(0, 2**32 - 1)
armable = st.sampled_from(sorted(set(KINDS) - {STOPPED}))


class LyingNetwork(RuleBasedStateMachine):
    node: LyingNode  # set by whoever runs it

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self.refusals: Counter[str] = Counter()
        self.holders: list[Holder] = []

    @initialize(seed=seeds)
    def begin(self, seed: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        self.node.begin(seed)
        settings.SOLANA_GENESIS_HASH = self.node.genesis_hash
        settings.SOLANA_RPC_TIMEOUT_SECONDS = PATIENT
        self.world = World(self.node)  # type: ignore[arg-type]
        for _ in range(2):
            member = self.world.new_member()
            for level in LEVELS:
                qualify(member.user, level)
            self.holders.append(Holder(self.world, self.node, member))
        self.holders[0].unlock()
        for _ in range(3):
            self._work(FINALITY + 1)
        settings.SOLANA_RPC_TIMEOUT_SECONDS = HURRIED

    # --- members

    @rule(who=members)
    def unlock(self, who: int) -> None:
        self._call(self.holders[who].unlock)

    @rule(who=members)
    def start(self, who: int) -> None:
        self._call(self.holders[who].start)

    @rule(who=members, tell=st.booleans())
    def upgrade(self, who: int, tell: bool) -> None:
        """What a member usually does."""
        holder = self.holders[who]
        self._call(holder.start)
        self._call(holder.burn)
        if tell:
            self._call(holder.confirm)

    @rule(who=members)
    def renew(self, who: int) -> None:
        self._call(self.holders[who].renew)

    @rule(who=members, which=few)
    def burn(self, who: int, which: int) -> None:
        self._call(lambda: self.holders[who].burn(which - 1))

    @rule(who=members, named=st.booleans(), which=few)
    def burn_by_wallet(self, who: int, named: bool, which: int) -> None:
        self._call(lambda: self.holders[who].burn_by_wallet(named=named, which=which))

    @rule(who=members, which=few)
    def confirm(self, who: int, which: int) -> None:
        self._call(lambda: self.holders[who].confirm(which - 1))

    @rule(who=members, number=few)
    def confirm_nonsense(self, who: int, number: int) -> None:
        self._call(lambda: self.holders[who].confirm(signature=made_up_signature(number)))

    @rule(who=members)
    def hand_over(self, who: int) -> None:
        self._call(self.holders[who].hand_over)

    @rule(who=members)
    def cancel(self, who: int) -> None:
        self._call(self.holders[who].cancel)

    @rule(who=members)
    def retry(self, who: int) -> None:
        self._call(self.holders[who].retry)

    # --- workers and clocks

    @rule(rounds=few, slots=some_slots)
    def work(self, rounds: int, slots: int) -> None:
        for _ in range(rounds):
            self._work(slots)

    @rule(slots=st.sampled_from((1, 12, 40, 190)))
    def let_slots_pass(self, slots: int) -> None:
        self.node.tick(slots)

    @rule(seconds=st.sampled_from((3, 30, 200, 400, 2000)))
    def let_time_pass(self, seconds: int) -> None:
        self.world.pass_time(seconds=seconds)

    @rule()
    def expire(self) -> None:
        expire_upgrades(now=self.world.now)

    # --- faults

    @rule(lie=armable, times=few)
    def arm(self, lie: str, times: int) -> None:
        self.node.arm(lie, times)

    @rule(lie=armable, times=few, slots=some_slots)
    def work_against(self, lie: str, times: int, slots: int) -> None:
        self.node.arm(lie, times)
        self._work(slots)
        self._work(slots)

    @rule(percent=st.sampled_from((10, 30, 60)), rounds=few, slots=some_slots)
    def work_in_a_storm(self, percent: int, rounds: int, slots: int) -> None:
        self.node.storm_percent = percent
        self.work(rounds, slots)
        self.node.storm_percent = 0

    @rule(minutes=few)
    def stop_the_network(self, minutes: int) -> None:
        """Nobody answers for minutes; the chain goes on."""
        self.node.is_stopped = True
        for _ in range(2 * minutes):
            self.world.pass_time(seconds=30)
            self._work(10)
        self.node.is_stopped = False

    @rule(slots=st.integers(1, FINALITY - 1))
    def fork(self, slots: int) -> None:
        self.node.fork(slots)
        self.node.hits["forks"] += 1

    @rule()
    def heal(self) -> None:
        self.node.heal()

    # --- the promises

    @invariant()
    def nothing_is_broken(self) -> None:
        if self.holders:
            self.steps += 1
            self._expect(invariants.breaches(self.node, self.holders, self.world.now))

    def teardown(self) -> None:
        if sys.exc_info()[0] is not None or not self.holders:
            return
        self.node.heal()
        settings.SOLANA_RPC_TIMEOUT_SECONDS = PATIENT
        for _ in range(ROUNDS_TO_REST):
            self.world.pass_time(minutes=7)
            self._work(FINALITY + 8)
            if not invariants.unfinished() and not invariants.broken_promises(
                self.node, self.holders
            ):
                break
        self._expect(invariants.final_breaches(self.node, self.holders, self.world.now))
        self.on_end()

    def on_end(self) -> None:
        """For whoever counts."""

    def ends(self) -> Counter[str]:
        return Counter(UpgradeRequest.objects.values_list("status", flat=True))

    # --- parts

    def _work(self, slots: int) -> None:
        """One step of every row that is due; then the chain goes on."""
        self.world.work(rounds=1, slots=slots)

    def _call(self, what: Callable[[], Any]) -> None:
        try:
            what()
        except REFUSALS as refusal:
            self.refusals[refusal.code] += 1

    def _expect(self, found: list[str]) -> None:
        assert not found, "\n".join(found)
