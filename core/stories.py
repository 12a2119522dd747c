"""What apps tell about events beyond the log: for whoever follows one piece of work through all.

An app registers a teller; nobody who reads the story has to know the app, and without it the
story is shorter.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Moment:
    """`object` as `table:key`; `link` is a page of the admin, or empty."""

    at: datetime
    what: str
    object: str
    after: str
    reason: str = ""
    correlation: str = ""
    link: str = ""


Teller = Callable[[Collection[UUID]], Iterable[Moment]]
"""What followed from the events with these ids."""

_tellers: dict[str, Teller] = {}


def register_teller(name: str, teller: Teller) -> None:
    _tellers[name] = teller


def tell(event_ids: Collection[UUID]) -> list[Moment]:
    """In no order."""
    return [moment for teller in _tellers.values() for moment in teller(event_ids)]
