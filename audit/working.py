"""Who is at work in this process now, why, and from where: what a change is recorded with.

A statement that changes a recorded table carries it as a comment at its very beginning, where
no value of a parameter can stand. So it costs no round trip, holds for that statement alone
(also outside a transaction and through a pooler), and the trigger reads it there.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from audit.tables import AUDITED
from core.acting import current_act
from core.correlation import known_correlation_id

Said = dict[str, str]

_said: ContextVar[Callable[[], Said] | None] = ContextVar("audit_said", default=None)
_reason: ContextVar[str] = ContextVar("audit_reason", default="")
_NAMES = "|".join(re.escape(audited.table) for audited in AUDITED)
_CHANGES = re.compile(rf'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(?:{_NAMES})"?[\s(;]|\s*WITH\b')


@contextmanager
def working(said: Callable[[], Said]) -> Iterator[None]:
    """`said()` gives `actor` and `origin`; it is asked at each change, because a request learns
    only on its way who calls. It must not ask the database."""
    token = _said.set(said)
    try:
        yield
    finally:
        _said.reset(token)


def work_as(*, actor: str, origin: str) -> None:
    """Until the next job of this thread begins."""
    _said.set(lambda: {"actor": actor, "origin": origin})


@contextmanager
def because(reason: str) -> Iterator[None]:
    """Changes meanwhile are recorded with this reason."""
    token = _reason.set(reason)
    try:
        yield
    finally:
        _reason.reset(token)


def who() -> Said:
    """Only what is known: actor, origin, reason, correlation."""
    said, act = _said.get(), current_act()
    known = said() if said is not None else {"origin": _program()}
    known = {
        **known,
        "actor": act.actor or known.get("actor", ""),
        "reason": (_reason.get() or act.reason)[:300],
        "correlation": known_correlation_id(),
    }
    return {name: value for name, value in known.items() if value}


def _program() -> str:
    """As `manage.py seed`, without arguments, which may hold what must not be recorded."""
    name = Path(sys.argv[0]).name
    return f"{name} {sys.argv[1]}" if name == "manage.py" and len(sys.argv) > 1 else name


def mark(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """An execute wrapper of Django's."""
    if isinstance(sql, str) and _CHANGES.match(sql):
        said = json.dumps(who(), ensure_ascii=True).encode().hex()
        sql = f"/*audit {said}*/ {sql}"
    return execute(sql, params, many, context)


def mark_statements_of(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """For Django's signal that a connection was made; its wrappers stay when it is made anew."""
    if mark not in connection.execute_wrappers:
        connection.execute_wrappers.append(mark)
