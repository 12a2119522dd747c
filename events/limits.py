"""Limits of a transaction that works under a lease."""

from datetime import timedelta

from django.db import connection

# A reader that freezes in mid-transaction must not hold up its successor, and one statement
# must not outlast the lease. Waiting for a lock ends first: that is not the event's fault.
LIMIT_THE_TRANSACTION = """
SELECT set_config('idle_in_transaction_session_timeout', %(idle)s, true),
    set_config('statement_timeout', %(statement)s, true),
    set_config('lock_timeout', %(lock)s, true)
"""


def limit_the_transaction(lease_for: timedelta) -> None:
    """Until the current transaction ends, the server enforces what the lease promises."""
    lease_ms = lease_for.total_seconds() * 1000
    limits = {"idle": lease_ms, "statement": lease_ms / 2, "lock": lease_ms / 4}
    with connection.cursor() as cursor:
        cursor.execute(
            LIMIT_THE_TRANSACTION,
            # 0 would mean: no limit.
            {name: str(max(1, int(limit))) for name, limit in limits.items()},
        )
