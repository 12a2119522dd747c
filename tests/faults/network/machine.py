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
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accounts.models import User
from badges.models import BadgeDefinition, EarnedBadge
from nft.models import UpgradeRequest
from nft.services.closing import expire_upgrades
from tests.faults.network import invariants
from tests.faults.network.holders import REFUSALS, Holder, made_up_signature
from tests.faults.network.lies import KINDS
from tests.faults.network.node import FINALITY, STOPPED, LyingNode
from tests.nft.world import World
from tests.patience import PATIENCE
from trading.models import UserVolume

TABLES = (
    "events_event, events_user_sequence, upgrade_requests, user_nfts, nft_mintorder, accounts_user"
)
HURRIED = 0.15  # seconds for one request to this node; an honest one has all the time
ROUNDS_TO_REST = 80

who = st.sampled_from((0, 1, 0, 1, 2))
few = st.integers(1, 4)
slots = st.sampled_from((0, 1, 4, 12, FINALITY + 1))
seeds = st.integers(0, 2**32 - 1)
lies = st.sampled_from(sorted(set(KINDS) - {STOPPED}))

# (weight, method, its arguments). One rule chooses among them, because Hypothesis takes about
# half of a machine's rules out of each run, and a run without members or workers shows little.
MOVES: tuple[tuple[int, str, tuple[st.SearchStrategy[Any], ...]], ...] = (
    (10, "upgrade", (who, st.booleans())),
    (2, "start", (who,)),
    (1, "renew", (who,)),
    (3, "burn", (who, few)),
    (2, "burn_by_wallet", (who, st.booleans(), few)),
    (2, "confirm", (who, few)),
    (1, "confirm_nonsense", (who, few)),
    (2, "hand_over", (who,)),
    (2, "cancel", (who,)),
    (1, "retry", (who,)),
    (4, "work", (few, slots)),
    (9, "work_against", (lies, few, slots)),
    (9, "work_in_a_storm", (st.sampled_from((10, 30, 60)), few, slots)),
    (2, "let_slots_pass", (st.sampled_from((1, 12, 40, 190)),)),
    (2, "let_time_pass", (st.sampled_from((3, 30, 200, 400, 2000)),)),
    (1, "expire", ()),
    (1, "arm", (lies, few)),
    (1, "stop_the_network", (few,)),
    (2, "fork", (st.integers(1, FINALITY - 1),)),
    (2, "unlock", (st.just(2),)),
    (1, "heal", ()),
)
moves = st.one_of(
    [
        st.tuples(st.just(name), *arguments)
        for weight, name, arguments in MOVES
        for _ in range(weight)
    ]
)


def enrich(user: User) -> None:
    """Volume and badges for every level."""
    now = timezone.now()
    UserVolume.objects.create(user=user, total=10_000_000)
    EarnedBadge.objects.bulk_create(
        EarnedBadge(
            user=user, definition=badge, status="activated", earned_at=now, activated_at=now
        )
        for badge in BadgeDefinition.objects.all()
    )


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
        settings.SOLANA_RPC_TIMEOUT_SECONDS = PATIENCE
        self.world = World(self.node)  # type: ignore[arg-type]
        for _ in range(3):
            member = self.world.new_member()
            enrich(member.user)
            self.holders.append(Holder(self.world, self.node, member))
        for holder in self.holders[:2]:
            holder.unlock()  # the third one, if ever, while the network lies
        for _ in range(3):
            self._work(FINALITY + 1)
        settings.SOLANA_RPC_TIMEOUT_SECONDS = HURRIED

    @rule(move=moves)
    def turn(self, move: tuple[Any, ...]) -> None:
        name, *arguments = move
        getattr(self, name)(*arguments)

    # --- members

    def unlock(self, who: int) -> None:
        self._call(self.holders[who].unlock)

    def start(self, who: int) -> None:
        self._call(self.holders[who].start)

    def upgrade(self, who: int, tell: bool) -> None:
        """What a member usually does."""
        holder = self.holders[who]
        self._call(holder.start)
        self._call(holder.burn)
        if tell:
            self._call(holder.confirm)

    def renew(self, who: int) -> None:
        self._call(self.holders[who].renew)

    def burn(self, who: int, which: int) -> None:
        self._call(lambda: self.holders[who].burn(which - 1))

    def burn_by_wallet(self, who: int, named: bool, which: int) -> None:
        self._call(lambda: self.holders[who].burn_by_wallet(named=named, which=which))

    def confirm(self, who: int, which: int) -> None:
        self._call(lambda: self.holders[who].confirm(which - 1))

    def confirm_nonsense(self, who: int, number: int) -> None:
        self._call(lambda: self.holders[who].confirm(signature=made_up_signature(number)))

    def hand_over(self, who: int) -> None:
        self._call(self.holders[who].hand_over)

    def cancel(self, who: int) -> None:
        self._call(self.holders[who].cancel)

    def retry(self, who: int) -> None:
        self._call(self.holders[who].retry)

    # --- workers and clocks

    def work(self, rounds: int, slots: int) -> None:
        for _ in range(rounds):
            self._work(slots)

    def let_slots_pass(self, slots: int) -> None:
        self.node.tick(slots)

    def let_time_pass(self, seconds: int) -> None:
        self.world.pass_time(seconds=seconds)

    def expire(self) -> None:
        expire_upgrades(now=self.world.now)

    # --- faults

    def arm(self, lie: str, times: int) -> None:
        self.node.arm(lie, times)

    def work_against(self, lie: str, times: int, slots: int) -> None:
        self.node.arm(lie, times)
        self._work(slots)
        self._work(slots)

    def work_in_a_storm(self, percent: int, rounds: int, slots: int) -> None:
        self.node.storm_percent = percent
        self.work(rounds, slots)
        self.node.storm_percent = 0

    def stop_the_network(self, minutes: int) -> None:
        """Nobody answers for minutes; the chain goes on."""
        self.node.is_stopped = True
        for _ in range(2 * minutes):
            self.world.pass_time(seconds=30)
            self._work(10)
        self.node.is_stopped = False

    def fork(self, slots: int) -> None:
        self.node.fork(slots)
        self.node.hits["forks"] += 1

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
        settings.SOLANA_RPC_TIMEOUT_SECONDS = PATIENCE
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
