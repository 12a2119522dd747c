"""The consumer groups of this installation. Apps register theirs in `AppConfig.ready()`."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

import psycopg
from django.db import InterfaceError, OperationalError
from redis import RedisError

from core.errors import Unavailable
from events.catalogue import event_types
from events.models import Event


class TryAgain(Exception):
    """A handler raises this when the fault is outside and will pass: nothing is skipped."""


class LeadAnew(TryAgain):
    """The same, where the group's `on_lead` has to prepare the reader once more."""


TRANSIENT = (TryAgain, Unavailable, OperationalError, InterfaceError, RedisError, OSError)
"""Errors after which the same turn is tried again."""

TOO_MUCH = ("54", "57014")
"""SQLSTATEs (or classes of them) that blame the statement, although they come as
OperationalError: it was too long or too complex. A wait for a lock is not among them,
because the reader sets a `lock_timeout` that ends first.
"""


def is_outside(error: Exception) -> bool:
    """Whether the fault says nothing against the event, and is retried as long as it lasts."""
    if not isinstance(error, TRANSIENT):
        return False
    cause = error.__cause__
    state = (cause.sqlstate if isinstance(cause, psycopg.Error) else None) or ""
    return not state.startswith(TOO_MUCH)


@dataclass(frozen=True)
class Replay:
    """Tells a handler that it sees these events again: nothing may leave the house."""

    group: str


@dataclass(frozen=True)
class Shadow:
    """How a read model is built anew beside the live one, in our database only.

    `prepare` makes an empty shadow, `handle` fills it as the live handler fills the live
    model, `swap` puts it in the live one's place. Each runs inside a transaction.
    """

    prepare: Callable[[], None]
    handle: Callable[[list[Event]], None]
    swap: Callable[[], None]


@dataclass(frozen=True)
class ConsumerGroup:
    """Who reads the log, and what is done with it.

    A `transactional` group's handler writes to our database only: its effects commit
    together with the cursor, so each event counts exactly once. The other kind sends first
    and moves the cursor after it: an event may be sent again after a crash.

    `handle` gets a batch in the order of the log. `on_idle` gets the position up to which
    everything is handled, at least every second while the group has a reader and its
    handler succeeds, so that receivers can see that they missed nothing. `on_lead` is called
    when this process becomes the group's reader, and again after LeadAnew: the place to shut
    out whoever read before. The lease is checked once more after it. `on_leave` is called
    when it reads no more, for whatever reason: the place to give up what `on_lead` opened.

    `replay` handles events that were handled before, with no more effect than once and
    none outside; `shadow` builds the read model anew. A group that declares neither, as one
    whose effect is to send, cannot be replayed.
    """

    name: str
    handle: Callable[[list[Event]], None]
    _: KW_ONLY
    transactional: bool
    types: frozenset[str] | None = None
    on_idle: Callable[[int], None] | None = None
    on_lead: Callable[[], None] | None = None
    on_leave: Callable[[], None] | None = None
    replay: Callable[[list[Event], Replay], None] | None = None
    shadow: Shadow | None = None
    batch_size: int = 500
    dead_letter_limit: int = 100


_groups: dict[str, ConsumerGroup] = {}


def register(group: ConsumerGroup) -> None:
    """Raises ValueError when another group has the name, or what it asks for cannot be."""
    unknown = (group.types or frozenset()) - event_types()
    if unknown:
        raise ValueError(f"{group.name!r} asks for unknown event types: {sorted(unknown)}")
    if group.shadow is not None and not group.transactional:
        raise ValueError(f"{group.name!r} sends to the outside and has no read model to shadow")
    if _groups.get(group.name, group) != group:
        raise ValueError(f"There are two consumer groups named {group.name!r}")
    _groups[group.name] = group


def group_names() -> list[str]:
    return sorted(_groups)


def group_named(name: str) -> ConsumerGroup:
    """Raises KeyError."""
    return _groups[name]
