"""Reads the log for one consumer group: lease, batch, handler, cursor."""

import logging
import math
import os
import socket
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from django.db import Error, close_old_connections, connections, transaction

from core.ids import uuid7
from events import metrics
from events.crash_marks import DEATHS, Deadly, handled_alone
from events.faults import cause_of
from events.groups import TRANSIENT, ConsumerGroup, LeadAnew, TryAgain, is_outside
from events.limits import limit_the_transaction
from events.models import DeadLetter, Event, GroupCursor, Lease, LeaseLost, ProcessedEvent
from events.notify import NUMBERED, Listener, backoff

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)
POLL_SECONDS = 0.5
STANDBY_SECONDS = 0.5
HOOK_SECONDS = 0.5
POISON_ATTEMPTS = 3


class Turn(Enum):
    """How one turn ended."""

    WORKED = auto()
    IDLE = auto()
    STANDBY = auto()  # another process reads for the group, or it is stopped


@dataclass(frozen=True)
class Batch:
    """Events of the group's types, and the position up to which the log was looked through."""

    events: list[Event]
    end: int


def read_batch(group: ConsumerGroup, position: int, limit: int) -> Batch:
    if group.types is None and (found := Event.objects.all().next_after(position, limit=limit)):
        return Batch(found, found[-1].place)  # positions have no gap: no need to ask for the head
    head = Event.objects.all().head_position()
    if head <= position:
        return Batch([], position)
    rows = Event.objects.after_position(position).filter(position__lte=head)
    if group.types is not None:
        rows = rows.filter(type__in=group.types)
    events = list(rows[:limit])
    return Batch(events, events[-1].place if len(events) == limit else head)


class Consumer:
    """One reader of one group. Only the holder of the lease works; the others stand by."""

    def __init__(self, group: ConsumerGroup, *, lease_for: timedelta = LEASE):
        self._group = group
        self._owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid7()}"
        self._lease_for = lease_for
        self._lease: Lease | None = None
        self._renewed = self._told = -math.inf  # the clock may have begun just now
        self._suspect_until = 0  # up to here events are handled one by one
        self._deadly_until = 0  # and, up to here, with a mark for whoever comes after
        self._attempts = 0
        self._caught_up = False  # the last batch was the last one there was
        self.turned_at = time.monotonic()  # the end of the last turn, good or bad

    def run(self, stop: threading.Event) -> None:
        """Consume until `stop`; survives a database or a receiver that goes away."""
        listener = Listener(NUMBERED)
        failures = 0
        try:
            while not stop.is_set():
                try:
                    turn = self.step()
                    failures = 0
                except TRANSIENT as error:
                    failures += 1
                    metrics.retries.labels(self._group.name).inc()
                    logger.warning("%s tries again: %s", self._group.name, cause_of(error))
                    close_old_connections()
                    self.turned_at = time.monotonic()
                    stop.wait(backoff(failures))
                    continue
                self.turned_at = time.monotonic()
                if turn is Turn.IDLE or (turn is Turn.WORKED and self._caught_up):
                    listener.wait(POLL_SECONDS)
                elif turn is Turn.STANDBY:
                    stop.wait(STANDBY_SECONDS)
        finally:
            self.release()
            listener.close()
            connections.close_all()

    def step(self) -> Turn:
        """One turn. Raises one of TRANSIENT when the same turn should be tried again."""
        try:
            if self._lease is None:
                self._lead()
            if self._lease is None:
                return Turn.STANDBY
            self._keep(self._lease)
            return self._advance(self._lease)
        except LeaseLost:
            logger.warning("%s: another reader took over", self._group.name)
            self._lease = None
            self._leave()
            return Turn.STANDBY
        except LeadAnew:
            self.release()
            raise

    def _lead(self) -> None:
        """Raises LeaseLost when another reader came while this one was getting ready."""
        self._lease = self._acquire()
        if self._lease is None or self._group.on_lead is None:
            return
        try:
            self._group.on_lead()
            GroupCursor.objects.renew(self._lease, lease_for=self._lease_for)
        except Exception:
            self.release()
            raise

    def release(self) -> None:
        """Let a standby take over at once; never raises."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        self._leave()
        try:
            GroupCursor.objects.release(lease)
        except Error as error:
            logger.warning("%s: lease left to run out: %s", lease.group, cause_of(error))

    def _leave(self) -> None:
        if self._group.on_leave is not None:
            self._group.on_leave()

    def _acquire(self) -> Lease | None:
        self._renewed = time.monotonic()
        self._suspect_until = self._deadly_until = self._attempts = 0
        lease = GroupCursor.objects.acquire(
            self._group.name, owner=self._owner, lease_for=self._lease_for
        )
        if lease is not None and lease.deaths >= DEATHS:
            logger.error("%s goes one by one: readers end at %d", lease.group, lease.position)
            fatal = read_batch(self._group, lease.position, self._group.batch_size)
            self._suspect_until = self._deadly_until = fatal.end
        return lease

    def _keep(self, lease: Lease) -> None:
        now = time.monotonic()
        if now - self._renewed > self._lease_for.total_seconds() / 3:
            GroupCursor.objects.renew(lease, lease_for=self._lease_for)
            self._renewed = now

    def _advance(self, lease: Lease) -> Turn:
        suspicious = lease.position < self._suspect_until
        limit = 1 if suspicious else self._group.batch_size
        batch = read_batch(self._group, lease.position, limit)
        self._caught_up = False
        if batch.end > lease.position:
            try:
                with metrics.handling(self._group.name, len(batch.events)), self._marked(lease):
                    self._lease = self._hand_over(lease, batch)
                self._attempts = 0
                self._caught_up = len(batch.events) < limit
            except LeaseLost:
                raise
            except Deadly as error:
                self._lease = self._bury(lease, batch, error)
            except Exception as error:
                if is_outside(error) or not batch.events:
                    raise
                self._blame(lease, batch, error)
        self._tell()
        return Turn.WORKED if batch.events else Turn.IDLE

    def _marked(self, lease: Lease) -> AbstractContextManager[None]:
        """Leave a mark of what is in hand, where readers before ended without a word."""
        if lease.position >= self._deadly_until:
            return nullcontext()
        GroupCursor.objects.renew(lease, lease_for=self._lease_for)
        return handled_alone(lease.group, place=lease.position)

    def _hand_over(self, lease: Lease, batch: Batch) -> Lease:
        if not self._group.transactional:
            if batch.events:
                self._group.handle(batch.events)
            return self._move(lease, batch.end)
        with transaction.atomic(durable=True):
            limit_the_transaction(self._lease_for)
            fresh = ProcessedEvent.objects.claim(
                self._group.name, [event.event_id for event in batch.events]
            )
            events = [event for event in batch.events if event.event_id in fresh]
            if events:
                self._group.handle(events)
            return self._move(lease, batch.end)

    def _move(self, lease: Lease, to: int) -> Lease:
        moved = GroupCursor.objects.move(lease, to, lease_for=self._lease_for)
        self._renewed = time.monotonic()
        return moved

    def _blame(self, lease: Lease, batch: Batch, error: Exception) -> None:
        """Find the one event that cannot be handled, and pass it over after some attempts."""
        if len(batch.events) > 1:
            logger.warning("%s goes one by one: %s", lease.group, cause_of(error))
            self._suspect_until = batch.end
            return
        self._attempts += 1
        if self._attempts < POISON_ATTEMPTS:
            raise TryAgain(cause_of(error)) from error
        self._attempts = 0
        self._lease = self._bury(lease, batch, error)

    @transaction.atomic
    def _bury(self, lease: Lease, batch: Batch, error: Exception) -> Lease | None:
        logger.error("%s cannot handle %s", lease.group, batch.events[0], exc_info=error)
        letters = DeadLetter.objects.filter(group=lease.group).waiting().count()
        if letters >= self._group.dead_letter_limit:
            logger.error("%s is stopped: it has %d dead letters", lease.group, letters)
            GroupCursor.objects.stop(lease, reason=f"{letters} dead letters; {cause_of(error)}")
            self._leave()
            return None
        DeadLetter.objects.bury(lease.group, batch.events[0], error=cause_of(error))
        metrics.dead_letters.labels(lease.group).inc()
        return self._move(lease, batch.end)

    def _tell(self) -> None:
        now = time.monotonic()
        if self._group.on_idle is None or self._lease is None or now - self._told < HOOK_SECONDS:
            return
        self._told = now
        try:
            self._group.on_idle(self._lease.position)
        except Exception as error:  # noqa: BLE001 - a hook must not stop the group
            logger.warning("%s: idle hook failed: %s", self._group.name, cause_of(error))
