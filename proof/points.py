"""Where a process may be killed: found on the stack of the running code, listed by nobody."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

ROOMS = frozenset(
    ("accounts", "badges", "chain", "config", "core", "events", "nft", "realtime", "trading")
)
# What every call passes through says nothing about where it comes from.
PLUMBING = frozenset(
    (
        "chain.background", "chain.client", "chain.rpc", "core.api", "core.correlation",
        "nft.chain_access",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One side of one boundary. `phase` is how far the upgrade had come when the job began."""

    program: str  # as in the Procfile
    side: str  # before or after
    kind: str  # commit, rpc, enqueue or push
    site: str  # the functions that lead there
    phase: str

    def __str__(self) -> str:
        phase = f" [{self.phase}]" if self.phase else ""
        return f"{self.program}: {self.side} {self.kind} in {self.site}{phase}"


def call_chain() -> tuple[str, ...]:
    """Functions of ours on the stack, outermost first; a coroutine's awaiting ones too."""
    names: list[str] = []
    for name in _names(sys._getframe(1)):
        if name and (not names or names[-1] != name):
            names.append(name)
    return tuple(reversed(names))


def _names(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in ROOMS and module not in PLUMBING:
            yield _plain(frame.f_code.co_qualname)
        elif module == "contextlib" and frame.f_code.co_name == "inner":
            # `@transaction.atomic` commits when the decorated function has returned already.
            yield _decorated(frame.f_locals.get("func"))
        frame = frame.f_back


def _decorated(function: object) -> str:
    module = str(getattr(function, "__module__", ""))
    is_ours = module.partition(".")[0] in ROOMS and module not in PLUMBING
    return _plain(str(getattr(function, "__qualname__", ""))) if is_ours else ""


def _plain(name: str) -> str:
    return "" if "<lambda>" in name else name.replace("<locals>.", "")
