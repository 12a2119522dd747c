"""A handler that remembers, and what else the tests of consumer groups share."""

import threading
from collections.abc import Callable
from uuid import UUID

from django.db import connections

from events.consumer import Consumer, Turn
from events.groups import ConsumerGroup, TryAgain
from events.models import Event, GroupCursor, UserSequence
from events.sequencer import number_pending
from tests.events.facts import activate
from tests.patience import PATIENCE

ANN = UUID(int=1)


def written(*badges: str) -> None:
    """Numbered events of one user."""
    for badge in badges:
        activate(ANN, badge)
    number_pending()


class Notebook:
    """A handler that remembers what it was given, and stumbles as told."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.stumble: Callable[[list[str]], None] = lambda _badges: None

    def handle(self, events: list[Event]) -> None:
        badges = [event.data["badgeId"] for event in events]
        self.stumble(badges)
        self.batches.append(badges)

    def has(self, badge: str) -> bool:
        return badge in self.seen

    @property
    def seen(self) -> list[str]:
        return [badge for batch in self.batches for badge in batch]


def into_the_database(events: list[Event]) -> None:
    """A handler whose effect is a counter in the database: handled twice, it counts twice."""
    for event in events:
        assert event.user_id is not None
        row, _ = UserSequence.objects.get_or_create(user_id=UUID(int=99), defaults={"sequence": 0})
        UserSequence.objects.filter(pk=row.pk).update(sequence=row.sequence + 1)


def counted() -> int:
    return Event.objects.all().user_head(UUID(int=99))


def group_of(notebook: Notebook, *, transactional: bool = False) -> ConsumerGroup:
    return ConsumerGroup("notes", notebook.handle, transactional=transactional)


def cursor() -> GroupCursor:
    return GroupCursor.objects.get()


def settle(consumer: Consumer, turns: int = 50) -> None:
    """Turn until there is nothing left to do, as `run()` does but without waiting."""
    for _ in range(turns):
        try:
            if consumer.step() is not Turn.WORKED:
                return
        except TryAgain:
            continue
    raise AssertionError("The consumer does not come to rest")


def in_thread(work: Callable[[], object]) -> None:
    def run() -> None:
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(PATIENCE)
