"""A Solana node that lies: a real SVM behind HTTP, whose answers are spoiled when told.

The application's own client talks to it. One thread serves and executes, because LiteSVM
knows no other. Tests look past the lies with `ask`.
"""

import asyncio
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from solders.pubkey import Pubkey

from chain.localnet import submission
from chain.localnet.dispatch import answer_one
from chain.localnet.ledger import Commitment, Ledger
from chain.localnet.service import Localnet
from chain.localnet.storage import Storage
from tests.patience import PATIENCE

T = TypeVar("T")
Json = dict[str, Any]

FINALITY = 32
MOST_LAG = 120  # slots that a lagging node may be behind
STOPPED = "stopped"


class LaggableLedger(Ledger):
    """Shows itself as it was `lag` slots ago; keeps what it needs for that."""

    lag = 0

    def slot_at(self, commitment: Commitment) -> int:
        depth = {"processed": 0, "confirmed": 1, "finalized": FINALITY}[commitment]
        return max(self.first_slot, self.slot - depth - self.lag)


@dataclass(frozen=True)
class Reply:
    body: bytes
    status: int = 200


@dataclass(frozen=True)
class Silence:
    """No answer: the connection ends at once, or `hangs` until the caller gives up."""

    hangs: bool = False


@dataclass
class Armed:
    """A lie for the next requests that it fits."""

    name: str
    times: int


Lie = Callable[["LyingNode", Json], Reply | Silence]


@dataclass(frozen=True)
class Kind:
    """`methods` that the lie fits, all when empty; a `slow` one costs its caller a timeout."""

    lie: Lie
    methods: frozenset[str] = frozenset()
    slow: bool = False

    def fits(self, method: str) -> bool:
        return not self.methods or method in self.methods


@dataclass
class LyingNode:
    kinds: dict[str, Kind]
    hits: Counter[str] = field(default_factory=Counter)
    armed: list[Armed] = field(default_factory=list)
    storm_percent: int = 0
    is_stopped: bool = False
    dice: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="node", daemon=True).start()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = self._run(self._listen())
        self.begin(0)

    @property
    def rpc_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def genesis_hash(self) -> str:
        return self.ask(lambda net: str(net.ledger.genesis_hash))

    # --- what the test does

    def begin(self, seed: int) -> None:
        """A chain of its own for one run; `seed` of what the lies choose by themselves."""
        self.heal()
        self.dice = random.Random(seed)
        self._run(self._begin())

    def heal(self) -> None:
        self.armed.clear()
        self.storm_percent, self.is_stopped = 0, False

    def arm(self, name: str, times: int) -> None:
        self.armed.append(Armed(name, times))

    def ask(self, work: Callable[[Localnet], T]) -> T:
        """The truth, or a change of it."""

        async def run() -> T:
            return work(self.net)

        answer: T = self._run(run())
        return answer

    def tick(self, slots: int = 1) -> None:
        self.ask(lambda net: net.tick(slots))

    def fork(self, slots: int) -> None:
        """Roll back so many unfinalized slots."""
        self.ask(lambda net: net.rollback(min(slots, FINALITY - 1)))

    def airdrop(self, address: str, lamports: int) -> None:
        self.ask(lambda net: submission.airdrop(net.ledger, Pubkey.from_string(address), lamports))

    def land(self, raw: bytes) -> bool:
        """A wallet's own way to the chain; False when the leader dropped it."""
        return self.ask(lambda net: submission.send(net.ledger, raw, preflight=None)[1] is not None)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    # --- what the lies are made of

    def honest(self, request: Json, *, lag: int = 0) -> Json:
        self.net.ledger.lag = lag  # type: ignore[attr-defined]
        try:
            return answer_one(self.net, request) or {}
        finally:
            self.net.ledger.lag = 0  # type: ignore[attr-defined]

    # --- inside its thread

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _begin(self) -> None:
        ledger = LaggableLedger(Storage(None), now=time.time(), finality=FINALITY + MOST_LAG)
        self.net = Localnet(ledger, airdrop_cap=10**15)

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                reply = self._reply(await _read(reader))
                if isinstance(reply, Silence):
                    if reply.hangs:
                        await reader.read(1)  # until the caller hangs up
                    break
                writer.write(_http(reply))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    def _reply(self, request: Json) -> Reply | Silence:
        name = self._choose(request["method"])
        if name is None:
            return Reply(json.dumps(self.honest(request)).encode())
        self.hits[name] += 1
        return self.kinds[name].lie(self, request)

    def _choose(self, method: str) -> str | None:
        if self.is_stopped:
            return STOPPED
        for armed in self.armed:
            if armed.times and self.kinds[armed.name].fits(method):
                armed.times -= 1
                return armed.name
        if self.dice.randrange(100) >= self.storm_percent:
            return None
        return self.dice.choice(self._fitting(method))

    def _fitting(self, method: str) -> list[str]:
        slow = self.dice.randrange(10) == 0
        return [
            name
            for name, kind in self.kinds.items()
            if name != STOPPED and kind.fits(method) and (slow or not kind.slow)
        ]


async def _read(reader: asyncio.StreamReader) -> Json:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    request: Json = json.loads(await reader.readexactly(length))
    return request


def _http(reply: Reply) -> bytes:
    head = f"HTTP/1.1 {reply.status} x\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(reply.body)}\r\n\r\n".encode() + reply.body
