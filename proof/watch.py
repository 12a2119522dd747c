"""What happens at a boundary: the point is noted, promises are checked, and perhaps it ends here."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from chain.errors import ChainUnavailable
from proof.orders import Board, Order
from proof.phases import State, Witness
from proof.points import Point
from proof.standing import Promises

# How far the upgrade was when this request or job began; None until it comes to its first
# boundary. What belongs to none (the start of a process) or to a job of another kind (the
# reconciler's, the indexer's) happens at any moment: empty.
began: ContextVar[str | None] = ContextVar("began", default="")


@dataclass
class Watch:
    """One a process. Without a case in hand it lets everything pass."""

    program: str
    board: Board
    witness: Witness
    promises: Promises
    _case: int = -1
    _noted: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def boundary(self, kind: str, site: str) -> Iterator[None]:
        """Also the way out by an exception is an end of the call."""
        self.meet("before", kind, site)
        try:
            yield
        finally:
            self.meet("after", kind, site)

    def meet(self, side: str, kind: str, site: str) -> None:
        order = self.board.current()
        if order is None or not site:
            return
        state = self.witness.state_of(order.member)
        if (side, kind) == ("after", "commit"):
            self._report(order, self.promises.after_commit(state))
        point = str(Point(self.program, side, kind, site, self._phase(state)))
        self._note(order, point)
        if point in order.arms and point == self.board.next_arm(order):
            self._die(order, point)

    def meet_rpc(self, method: str, params: list[object], site: str) -> str:
        """What to lose of this call: nothing, the request or the answer."""
        order = self.board.current()
        if order is None:
            return ""
        if method == "sendTransaction":
            self._report(order, self.promises.before_sending(str(params[0])))
        return order.loses if self._is_to_fail(order, site) else ""

    def _phase(self, state: State | None) -> str:
        if self.program == "events":  # follows what is committed, whoever commits it
            return ""
        phase = began.get()
        if phase is None:
            phase = state.phase if state else "nothing ordered"
            began.set(phase)
        return phase

    def _note(self, order: Order, point: str) -> None:
        with self._lock:
            if order.case != self._case:
                self._case = order.case
                self._noted.clear()
            if point in self._noted:
                return
            self._noted.add(point)
        self.board.note("points", order, point)

    def _report(self, order: Order, breaches: list[str]) -> None:
        for breach in breaches:
            self.board.note("breaches", order, breach)

    def _is_to_fail(self, order: Order, site: str) -> bool:
        """Counted on the board: a call that has failed before a kill does not fail again after."""
        if not order.failing or order.only not in site:
            return False
        with self._lock:
            if self.board.notes("failed", order.case).count(site) >= order.failing:
                return False
            self.board.note("failed", order, site)
            return True

    def _die(self, order: Order, point: str) -> None:
        if self.board.die(order, point):
            os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait()  # killed by another thread's hand


def lost() -> ChainUnavailable:
    return ChainUnavailable("RPC_TIMEOUT", "The Solana node did not answer in time.")
