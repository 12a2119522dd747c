"""Makes the tables and topics of a run, in a process with its settings."""

from django.core.management import call_command
from django.db import connection

# Where the groups of `groups.py` leave their effects.
EFFECTS_TABLE = """
CREATE TABLE faults_effect (
    place bigserial PRIMARY KEY, "group" text NOT NULL, lane text NOT NULL, event_id uuid NOT NULL
)
"""


def make_effects_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(EFFECTS_TABLE)


def main() -> None:
    call_command("migrate", "events", verbosity=0)
    call_command("kafka_topics")
    make_effects_table()
