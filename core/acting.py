"""Who acts, and why: said once where a person decides, read by whatever records the change."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Act:
    """`actor` as in `core.callers` (`user:{id}`); `reason` in the words of who acts."""

    actor: str = ""
    reason: str = ""


_NOBODY = Act()
_current: ContextVar[Act | None] = ContextVar("act", default=None)


@contextmanager
def acting(*, actor: str, reason: str) -> Iterator[Act]:
    """Changes meanwhile are made by this actor, for this reason."""
    act = Act(actor, reason)
    token = _current.set(act)
    try:
        yield act
    finally:
        _current.reset(token)


def current_act() -> Act:
    """Empty where nobody said anything."""
    return _current.get() or _NOBODY
