"""A process of the Procfile that ends itself in the worst moment, by SIGKILL, as the OOM killer would.

A moment is told by the statements that lead to it: after the last of them was executed, and before
the transaction around it is committed, if there is one.
"""

import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


@dataclass(frozen=True)
class Moment:
    """`statements` are patterns, met in this order; each of the SQL and its first parameter."""

    role: str
    statements: tuple[str, ...]


MOVED = r'UPDATE "events_consumergroup" SET "position"'
CLAIMED = "INSERT INTO events_processedevent"
AT_THE_POSITION = "between effect and position"
MOMENTS = {
    AT_THE_POSITION: Moment("services", ("INTO analytics_daily", MOVED)),
    "in the middle of a batch's figures": Moment("services", ("INTO analytics_member_total",)),
    "between a notification and its deliveries": Moment(
        "services", ('INTO "notifications_notification"',)
    ),
    "between two groups": Moment(
        "services", ("INTO analytics_daily", f"{CLAIMED}.* notifications$")
    ),
    "between noting and position": Moment("audit", ("INTO audit.pending",)),
    "between appending and commit": Moment("audit", (r"SELECT audit\.append",)),
    "in the middle of a swap": Moment("rebuild", ("DROP SCHEMA analytics_shadow",)),
}


class Ending:
    """Counts down the statements of a moment, in whatever thread they are executed."""

    def __init__(self, statements: tuple[str, ...]):
        self._left = [re.compile(text, re.DOTALL) for text in statements]
        self._lock = threading.Lock()

    def watch(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        if self._run not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._run)

    def _run(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        result = execute(sql, params, many, context)
        first = params[0] if isinstance(params, list | tuple) and params else ""
        with self._lock:
            if self._left[0].search(f"{sql} {first if isinstance(first, str) else ''}"):
                self._left.pop(0)
                if not self._left:
                    _end()
        return result


def main() -> None:
    """Arguments: the moment's name, and what `manage.py` gets."""
    if settings.KAFKA_BOOTSTRAP_SERVERS and sys.argv[1] == AT_THE_POSITION:
        from events.kafka.reader import TopicReader  # needs the models

        setattr(TopicReader, "_commit", _end)  # noqa: B010 - the effect is committed by then
    else:
        ending = Ending(MOMENTS[sys.argv[1]].statements)
        connection_created.connect(ending.watch, weak=False)
    call_command(*sys.argv[2:])


def _end(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
