"""Waking by LISTEN over a connection of its own. Asked here: what when that connection falls
silent, as behind a firewall or a pooler that forgot it? when it breaks, and comes back?
"""

import threading
from collections.abc import Iterator
from contextlib import closing
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from events.consumer import Consumer
from events.notify import NUMBERED
from events.sequencer import number_pending
from tests.events.facts import activate
from tests.events.notebooks import Notebook, group_of
from tests.events.programs import wait_until
from tests.events.wires import Wire
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

ANN = UUID(int=1)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Only the listener goes through it, as with a direct connection beside a pooler."""
    direct = conninfo_to_dict(settings.DATABASE_DIRECT_URL)
    made = Wire(str(direct["host"]), int(direct["port"] or 5432))
    through = make_conninfo(settings.DATABASE_DIRECT_URL, host="127.0.0.1", port=made.port)
    monkeypatch.setattr(settings, "DATABASE_DIRECT_URL", through)
    with closing(made):
        yield made


def listeners() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = %s AND state = 'idle'",
            [f"aiw3 listens to {NUMBERED}"],
        )
        return int(cursor.fetchone()[0])


def test_events_arrive_while_the_listening_connection_is_silent_broken_and_back(
    wire: Wire,
) -> None:
    notebook, stop = Notebook(), threading.Event()
    reader = threading.Thread(target=Consumer(group_of(notebook)).run, args=(stop,))
    reader.start()
    try:
        wait_until(lambda: listeners() == 1)
        arrives(notebook, "heard")
        wire.silent = True
        arrives(notebook, "polled for")
        wire.cut()
        arrives(notebook, "broken")
        wait_until(lambda: listeners() == 1)
        arrives(notebook, "heard again")
    finally:
        stop.set()
        reader.join(PATIENCE)
    assert notebook.seen == ["heard", "polled for", "broken", "heard again"]


def arrives(notebook: Notebook, badge: str) -> None:
    activate(ANN, badge)
    number_pending()
    wait_until(lambda: notebook.has(badge))
