"""Compares what happened with the log. Pure: no server is asked."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tests.faults.chaos.journals import Written


class Happened(NamedTuple):
    """One effect, or one message. Order is promised within a `lane` only."""

    lane: str
    id: Hashable


@dataclass(frozen=True)
class Comparison:
    """How a series of effects differs from what the log asks for."""

    name: str
    count: int
    repeated: int
    missing: int
    unknown: int
    misordered: int
    may_repeat: bool

    @property
    def breaches(self) -> list[str]:
        wrong = {"missing": self.missing, "unknown": self.unknown, "misordered": self.misordered}
        if not self.may_repeat:
            wrong["repeated"] = self.repeated
        return [f"{self.name}: {count} {what}" for what, count in wrong.items() if count]


def compare(
    name: str, expected: Sequence[Happened], seen: Sequence[Happened], *, may_repeat: bool
) -> Comparison:
    """`expected` is in the order of the log, `seen` in the order of happening.

    What came again counts where it came first. A receiver outside may be sent an event twice
    (`may_repeat`), but never an older one for the first time after a newer one.
    """
    place = {item: number for number, item in enumerate(expected)}
    first = list(dict.fromkeys(seen))
    known = [item for item in first if item in place]
    return Comparison(
        name=name,
        count=len(seen),
        repeated=len(seen) - len(first),
        missing=len(place) - len(known),
        unknown=len(first) - len(known),
        misordered=_misordered(known, place),
        may_repeat=may_repeat,
    )


def _misordered(items: Iterable[Happened], place: Mapping[Happened, int]) -> int:
    """How many come after one of their lane that is newer in the log."""
    newest: dict[str, int] = {}
    count = 0
    for item in items:
        count += place[item] < newest.get(item.lane, -1)
        newest[item.lane] = max(place[item], newest.get(item.lane, -1))
    return count


class Logged(NamedTuple):
    """A row of the event log."""

    event_id: str
    type: str
    lane: str
    user: str | None  # for events of audience `user`
    position: int | None
    sequence: int | None


def log_breaches(log: Sequence[Logged], written: Written) -> list[str]:
    """What is wrong with the log itself, given what its writers were promised."""
    ids = {row.event_id for row in log}
    wrong = {
        "rows without a position": sum(row.position is None for row in log),
        "gaps or repeats in positions": _holes(row.position for row in log),
        "gaps, repeats or disorder in users' sequences": _holes_in_feeds(log),
        "acknowledged events not in the log": len(written.committed - ids),
        "rolled-back events in the log": len(written.abandoned & ids),
        "events in the log that nobody wrote": len(ids - written.committed - written.doubtful),
        "transactions torn apart": written.torn(ids),
        "events before an earlier one of their connection": _overtaken(log, written),
    }
    return [f"log: {count} {what}" for what, count in wrong.items() if count]


def _holes(numbers: Iterable[int | None]) -> int:
    found = sorted(number for number in numbers if number is not None)
    return sum(number != at for at, number in enumerate(found, start=1))


def _holes_in_feeds(log: Sequence[Logged]) -> int:
    feeds: dict[str, list[int | None]] = {}
    for row in sorted(log, key=lambda row: row.position or 0):
        if row.user is not None:
            feeds.setdefault(row.user, []).append(row.sequence)
    return sum(
        number != at for feed in feeds.values() for at, number in enumerate(feed, start=1)
    ) + sum(row.user is None and row.sequence is not None for row in log)


def _overtaken(log: Sequence[Logged], written: Written) -> int:
    positions = {row.event_id: row.position or 0 for row in log}
    return sum(
        positions[before] > positions[after]
        for ids in written.by_connection.values()
        for before, after in pairwise(event_id for event_id in ids if event_id in positions)
    )
