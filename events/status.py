"""Where every consumer group stands: for `consume --status`, the metrics and the admin."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import Error
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from events.kafka.inbound import inbound_names
from events.models import DeadLetter, Event, GroupCursor

SILENCE = timedelta(seconds=10)  # longer than any reader at work is silent


@dataclass(frozen=True)
class GroupStatus:
    """`lag` is in events of the log; `lag_seconds` is the age of the oldest one not handled.

    `owner` and `lease_until` are empty for a group that reads from Kafka, which gives it its
    readers; `turned_at`, the last turn of any of them, is known on both buses. The reader of an
    inbound topic stands nowhere in the log: its position and lag are None.
    """

    name: str
    position: int | None
    lag: int | None
    lag_seconds: float | None
    owner: str
    lease_until: datetime | None
    turned_at: datetime | None
    stop_reason: str | None  # None while it is not stopped
    dead_letters: int

    def is_led(self, now: datetime) -> bool:
        """Whether a process reads for the group, or did so until `SILENCE` ago."""
        leased = self.lease_until is not None and self.lease_until > now
        return leased or (self.turned_at is not None and now - self.turned_at < SILENCE)


def group_statuses(*, names: Collection[str], now: datetime) -> list[GroupStatus]:
    """One for each name, also for a group that has never run."""
    head = Event.objects.all().head_position()
    rows = {row.name: row for row in GroupCursor.objects.filter(name__in=names)}
    waiting = DeadLetter.objects.filter(group__in=names).waiting().order_by()
    letters = dict(waiting.values_list("group").annotate(Count("id")))
    return [
        _status(rows.get(name) or GroupCursor(name=name), head, letters.get(name, 0), now)
        for name in sorted(names)
    ]


def _status(row: GroupCursor, head: int, letters: int, now: datetime) -> GroupStatus:
    in_log = row.name not in inbound_names()
    return GroupStatus(
        name=row.name,
        position=row.position if in_log else None,
        lag=max(0, head - row.position) if in_log else None,
        lag_seconds=_lag_seconds(row, now) if in_log else None,
        owner=row.owner,
        lease_until=row.lease_until,
        turned_at=row.turned_at,
        stop_reason=row.stop_reason if row.stopped_at else None,
        dead_letters=letters,
    )


def _lag_seconds(row: GroupCursor, now: datetime) -> float:
    waiting = Event.objects.after_position(row.position).values_list("created_at", flat=True)
    return _age(waiting.first(), now)


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0


def unnumbered(*, now: datetime) -> tuple[int, float]:
    """Committed events that wait for the sequencer: how many, and the oldest one's seconds."""
    waiting = Event.objects.filter(position__isnull=True).aggregate(
        count=Count("id"), oldest=Min("created_at")
    )
    return waiting["count"], _age(waiting["oldest"], now)


class GroupCollector(Collector):
    """Asks the database at every scrape. Without one there are no samples but `aiw3_log_up 0`.

    Every process that serves a group tells the same of it: take `max by (group)`.
    """

    def __init__(self, names: Collection[str]):
        self._names = names

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("aiw3_log_up", "1 when the log can be asked")
        now = timezone.now()
        try:
            families = [
                *_of_groups(group_statuses(names=self._names, now=now), now),
                *_of_the_log(now),
            ]
        except Error:
            families = []
        up.add_metric([], float(bool(families)))
        yield up
        yield from families


def _of_groups(statuses: list[GroupStatus], now: datetime) -> list[GaugeMetricFamily]:
    measures: dict[str, tuple[str, Callable[[GroupStatus], float | None]]] = {
        "position": ("Position up to which everything is handled", lambda s: s.position),
        "lag_events": ("Positions between the group and the head", lambda s: s.lag),
        "lag_seconds": ("Age of the oldest event not handled", lambda s: s.lag_seconds),
        "dead_letters": ("Dead letters that wait for a decision", lambda s: s.dead_letters),
        "stopped": ("1 while the group is stopped", lambda s: s.stop_reason is not None),
        "led": ("1 while a process reads for the group", lambda s: s.is_led(now)),
        "last_turn_timestamp_seconds": (
            "When a reader of the group last had a turn; 0: never",
            lambda s: s.turned_at.timestamp() if s.turned_at else 0,
        ),
    }
    families = []
    for name, (text, value) in measures.items():
        family = GaugeMetricFamily(f"aiw3_consumer_{name}", text, labels=["group"])
        for status in statuses:
            if (measured := value(status)) is not None:
                family.add_metric([status.name], float(measured))
        families.append(family)
    return families


def _of_the_log(now: datetime) -> list[GaugeMetricFamily]:
    count, seconds = unnumbered(now=now)
    return [
        GaugeMetricFamily(
            "aiw3_log_head_position", "Last position given", Event.objects.all().head_position()
        ),
        GaugeMetricFamily("aiw3_log_unnumbered_events", "Events without a position", count),
        GaugeMetricFamily("aiw3_log_unnumbered_seconds", "Age of the oldest of them", seconds),
    ]
