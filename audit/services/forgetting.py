"""Emptying records: of a person, of what is old, and of events that came too late."""

import json
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection

from audit.models import ChainTransaction, ErasedPerson, Record
from audit.services.holding import held_records
from audit.working import because, who

ERASE = "SELECT audit.erase(%s::bigint[], %s::bigint[], %s::jsonb)"


def erase(*, personal: Sequence[int], acted: Sequence[int]) -> None:
    """In the caller's transaction; the database notes it together with the erasure."""
    with connection.cursor() as cursor:
        cursor.execute(ERASE, [list(personal), list(acted), json.dumps(who())])


def is_held(user_id: UUID) -> bool:
    return Record.objects.of_user(user_id).filter(held_records()).exists()


def erase_late(*, subjects: Iterable[str], first: int) -> None:
    """Erase the events, among the records from `first` on, of people who were erased before.

    In the appender's transaction, so that nobody sees them whole. Of events alone: what
    staff does to a closed account is not the person's.
    """
    people = [it for it in ErasedPerson.objects.among(set(subjects)) if not is_held(it)]
    for person in people:
        ChainTransaction.objects.forget(person)
    late = Record.objects.filter(index__gte=first, source="event", subject__in=people)
    indexes = list(late.values_list("index", flat=True)) if people else []
    if indexes:
        with because("the person was erased before"):
            erase(personal=indexes, acted=[])
