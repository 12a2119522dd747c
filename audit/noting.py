"""Adding to what waits for its place in the log, in the caller's transaction."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection

from audit.working import who

# Who is not known otherwise is the database's role.
NOTE_ACCESS = "INSERT INTO audit.pending (noted) SELECT audit.context() || %s::jsonb"
NOTE = """
INSERT INTO audit.pending (noted) SELECT * FROM jsonb_array_elements(%s::jsonb)
"""


def note_all(notes: Iterable[dict[str, Any]]) -> None:
    """Each with any of the fields of a record; see `audit.leaves`."""
    rows = list(notes)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(NOTE, [json.dumps(rows)])


def note_access(what: str, *, about: dict[str, Any], subject: str | None = None) -> None:
    """That somebody read the log: `what` as `audit.exported`, `about` says which part."""
    note = {**who(), "source": "audit", "what": what, "subject": subject, "after": about}
    with connection.cursor() as cursor:
        cursor.execute(NOTE_ACCESS, [json.dumps(note)])
