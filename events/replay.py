"""Reading the log again for one group: in place, or into a shadow that is then swapped in."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.db import connection, transaction

from core.errors import Conflict, InvalidInput
from events.groups import ConsumerGroup, Replay, Shadow
from events.holding import HOLD, held
from events.models import DeadLetter, Event, GroupCursor, Lease, ProcessedEvent
from events.selection import Selection

LEASE = timedelta(minutes=5)


def check_that_it_can_be(group: ConsumerGroup, selection: Selection, into: str) -> None:
    """`into` is live, shadow or swap. Raises InvalidInput."""
    if into == "live" and group.replay is None:
        raise InvalidInput("NO_REPLAY", f"{group.name} cannot be replayed in place.")
    if into != "live" and group.shadow is None:
        raise InvalidInput("NO_SHADOW", f"{group.name} has no read model to rebuild.")
    if into == "swap" and not selection.is_everything:
        raise InvalidInput("PARTIAL_REBUILD", "Part of the events cannot replace the whole.")


def replay_in_place(
    *, group: ConsumerGroup, selection: Selection, on_begin: Callable[[], None] | None = None
) -> int:
    """Hand the selected events, up to where the group stands, to its replay handler.

    Returns how many. Batch by batch, so that an interrupted replay can be run again: the
    handler makes sure that an event counts no more than once, and sends nothing. Events that
    are dead letters are passed over: those are redriven. `on_begin` is called once nobody
    else replays the group. Raises InvalidInput for a group that cannot be replayed in place,
    or whose handler would have an effect outside; Conflict while another replay of it runs.
    """
    check_that_it_can_be(group, selection, "live")
    mark, count = Replay(group=group.name), 0
    with _only_replay(group.name, on_begin) as lease:
        end = Event.objects.all().head_position()
        while batch := selection.batch(lease.position, end, group.batch_size, group.types):
            events = _counts(group.name, batch)
            lease = _hand_over(group, lease, events, batch[-1].place, mark)
            count += len(events)
    return count


def _hand_over(
    group: ConsumerGroup, lease: Lease, events: list[Event], to: int, mark: Replay
) -> Lease:
    if group.replay is None:
        raise TypeError(group.name)
    with transaction.atomic(durable=True), _nothing_leaves(group.name):
        if events:
            group.replay(events, mark)
        return GroupCursor.objects.move(lease, to, lease_for=LEASE)


@contextmanager
def _nothing_leaves(group: str) -> Iterator[None]:
    """What is planned for after the commit is a job, or an event's wake-up: an outside effect."""
    planned = len(connection.run_on_commit)
    yield
    if len(connection.run_on_commit) > planned:
        raise InvalidInput(
            "OUTSIDE_EFFECT", f"The replay of {group} would start jobs or publish events."
        )


def replay_into_shadow(
    *,
    group: ConsumerGroup,
    selection: Selection,
    swap: bool,
    on_begin: Callable[[], None] | None = None,
) -> int:
    """Build the group's read model anew beside the live one; return the number of events.

    With `swap` the group is held for a moment: the shadow catches up with it and takes the
    live model's place in one transaction, so that no event is missing and none counts twice.
    Only a whole rebuild may be swapped in. Raises InvalidInput and Conflict.
    """
    check_that_it_can_be(group, selection, "swap" if swap else "shadow")
    if group.shadow is None:
        raise TypeError(group.name)
    with _only_replay(group.name, on_begin) as lease:
        with transaction.atomic(durable=True), _nothing_leaves(group.name):
            group.shadow.prepare()
        filling = _Filling(group, group.shadow, selection, lease)
        filling.go_on()
        if swap:
            _swap(filling)
        return filling.count


def _counts(group: str, events: list[Event]) -> list[Event]:
    """Those that the group's effects include now.

    Everything up to its cursor; beyond it what has a processed-event row, because a group that
    reads from Kafka is ahead of its cursor in places. Never a dead letter.
    """
    position = _live_position(group)
    ids = [event.event_id for event in events]
    own = {"group": group, "event_id__in": ids}
    dead = set(DeadLetter.objects.filter(**own).values_list("event_id", flat=True))
    done = set(ProcessedEvent.objects.filter(**own).values_list("event_id", flat=True))
    return [
        event
        for event in events
        if event.event_id not in dead and (event.place <= position or event.event_id in done)
    ]


@dataclass
class _Filling:
    group: ConsumerGroup
    shadow: Shadow
    selection: Selection
    lease: Lease
    skipped: list[int] = field(default_factory=list)  # positions, to look at again in the end
    count: int = 0

    def go_on(self, *, live: Lease | None = None) -> None:
        """To the head of the log. Each batch commits with the replay's own cursor; `live` is
        kept while held.
        """
        end = Event.objects.all().head_position()
        while batch := self._batch(end):
            with transaction.atomic(durable=True), _nothing_leaves(self.group.name):
                events = _counts(self.group.name, batch)
                if events:
                    self.shadow.handle(events)
                self.lease = GroupCursor.objects.move(self.lease, batch[-1].place, lease_for=LEASE)
                if live is not None:
                    GroupCursor.objects.renew(live, lease_for=HOLD)
            self.count += len(events)
            handled = {event.place for event in events}
            self.skipped += [event.place for event in batch if event.place not in handled]

    def late(self) -> list[Event]:
        """Skipped on the way, and counted by the group since."""
        skipped = Event.objects.after_position(0).filter(position__in=self.skipped)
        return _counts(self.group.name, list(skipped))

    def _batch(self, end: int) -> list[Event]:
        types = self.group.types
        return self.selection.batch(self.lease.position, end, self.group.batch_size, types)


def _swap(filling: _Filling) -> None:
    name = filling.group.name
    with held(name) as live:
        filling.go_on(live=live)
        with transaction.atomic(durable=True), _nothing_leaves(name):
            GroupCursor.objects.renew(live, lease_for=HOLD)
            if late := filling.late():
                filling.shadow.handle(late)
                filling.count += len(late)
            filling.shadow.swap()


def _live_position(group: str) -> int:
    positions = GroupCursor.objects.filter(name=group).values_list("position", flat=True)
    return positions.first() or 0


@contextmanager
def _only_replay(group: str, on_begin: Callable[[], None] | None = None) -> Iterator[Lease]:
    """A cursor of its own, from the start, for the one replay of the group that may run."""
    name = f"{group[:57]}/replay"
    owner = f"{socket.gethostname()[:60]}:{os.getpid()}"
    lease = GroupCursor.objects.acquire(name, owner=owner, lease_for=LEASE)
    if lease is None:
        raise Conflict("REPLAY_RUNS", f"A replay of {group} runs already; try again later.")
    try:
        if on_begin is not None:
            on_begin()
        GroupCursor.objects.held_by(lease).update(position=0)
        yield replace(lease, position=0)
    finally:
        GroupCursor.objects.release(lease)
