"""What a lane tells its processes, and what they leave behind when they are killed: files.

Files outlive a SIGKILL, and need no server that the proof itself is about.
"""

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Order:
    """The case in hand. `arms` are the points to die at, one after the other.

    `failing` says how often each call site of the chain fails before it succeeds, and how: the
    request is lost, or its answer. `only` limits that to call sites with this text.
    """

    case: int
    member: str
    arms: list[str] = field(default_factory=list)
    failing: int = 0
    loses: str = "request"
    only: str = ""


@dataclass(frozen=True)
class Death:
    point: str
    at: float  # time.time()
    pid: int


class Board:
    """One lane's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._order = folder / "order.json"
        self._read_at = 0
        self._current: Order | None = None

    def give(self, order: Order | None) -> None:
        aside = self._order.with_suffix(".new")
        aside.write_text(json.dumps(asdict(order) if order else None))
        aside.replace(self._order)

    def current(self) -> Order | None:
        """Read again only when it has changed."""
        try:
            changed = self._order.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if changed != self._read_at:
            found = json.loads(self._order.read_text())
            self._current, self._read_at = (Order(**found) if found else None), changed
        return self._current

    def next_arm(self, order: Order) -> str | None:
        done = len(self.deaths(order.case))
        return order.arms[done] if done < len(order.arms) else None

    def die(self, order: Order, point: str) -> bool:
        """Sign for a death; False when another process was faster."""
        number = len(self.deaths(order.case))
        death = Death(point, time.time(), os.getpid())
        aside = self._folder / f"dying.{os.getpid()}"
        aside.write_text(json.dumps(asdict(death)))
        try:
            os.link(aside, self._folder / f"death.{order.case}.{number}")
        except FileExistsError:
            return False
        return True

    def deaths(self, case: int) -> list[Death]:
        found = sorted(self._folder.glob(f"death.{case}.*"))
        return [Death(**json.loads(path.read_text())) for path in found]

    def note(self, kind: str, order: Order, text: str) -> None:
        """A line that is whole whoever else writes and dies."""
        line = json.dumps(text).encode() + b"\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        handle = os.open(self._folder / f"{kind}.{order.case}", flags, 0o600)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)

    def notes(self, kind: str, case: int) -> list[str]:
        path = self._folder / f"{kind}.{case}"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines()]
