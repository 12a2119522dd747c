"""A consumer group of the proof's own, whose every effect leaves a row: twice would show."""

from django.db import connection

from events.groups import ConsumerGroup, register
from events.models import Event

GROUP = "proof"
TABLE = "CREATE TABLE proof_effect (id bigserial PRIMARY KEY, event_id uuid NOT NULL)"
INSERT = "INSERT INTO proof_effect (event_id) SELECT unnest(%s::uuid[])"


def leave_effects(events: list[Event]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [[event.event_id for event in events]])


def make_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(TABLE)


def register_group() -> None:
    register(ConsumerGroup(GROUP, leave_effects, transactional=True))
