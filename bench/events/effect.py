"""A consumer group with a database effect, as a read model has: a counter a user.

`python -m bench.events.effect NAME BATCH` runs it until SIGTERM, on the bus that is configured.
"""

import sys
from collections import Counter

import django
from django.db import connection

GROUP = "bench"


def make_tables() -> None:
    """For the effect, and for the floor: a bare row and its NOTIFY."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_effect (consumer text, user_id uuid,"
            " events bigint NOT NULL, PRIMARY KEY (consumer, user_id))"
        )
        cursor.execute("CREATE TABLE bench_floor (id uuid PRIMARY KEY, data jsonb)")


def effects(consumer: str) -> int:
    """How many events the consumer has counted, in committed transactions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(events), 0)::bigint FROM bench_effect WHERE consumer = %s",
            [consumer],
        )
        return int(cursor.fetchone()[0])


def main(name: str, batch: int) -> None:
    django.setup()
    from django.core.management import call_command

    from events.groups import ConsumerGroup, register
    from events.models import Event

    def count(events: list[Event]) -> None:
        found = sorted(Counter(str(event.user_id) for event in events).items())
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bench_effect AS b (consumer, user_id, events)"
                " SELECT %s, * FROM unnest(%s::uuid[], %s::bigint[])"
                " ON CONFLICT (consumer, user_id) DO UPDATE SET events = b.events + excluded.events",
                [name, [user for user, _ in found], [number for _, number in found]],
            )

    register(ConsumerGroup(name, count, transactional=True, batch_size=batch))
    call_command("consume", name)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
