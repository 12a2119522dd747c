"""A dump restored into a fresh server goes on where the dump stood: no gap, no number twice.

What could go wrong: the heads are lost and numbers start anew; rows that were committed but
not numbered in the dump stay so; ids collide; a group reads again what it has handled; a
writer was in mid-transaction while the dump was made.
"""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.conf import settings

from audit.sql import APPLICATION, OWNER
from demo.servers import Server, _reachable_binaries, start_postgres
from events.consumer import Consumer
from events.groups import ConsumerGroup
from events.sequencer import number_pending
from tests.events.facts import activate
from tests.events.programs import database_url, running, wait_for
from tests.patience import PATIENCE

ANN, BOB = UUID(int=1), UUID(int=2)

# Publishes to the restored log, and tells of every position that it reads.
SETUP = """
def tell(events):
    for event in events:
        print("READ", event.position, event.data["badgeId"], flush=True)
register(ConsumerGroup("notes", tell, transactional=True))
"""
PUBLISH = """
from uuid import UUID
from tests.events.facts import activate
for badge in ("after-1", "after-2"):
    activate(UUID(int=1), badge)
raise SystemExit
"""


@pytest.fixture
def fresh() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="aiw3-fresh-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # the server may run as another user
        server = start_postgres(folder / "postgres", settings=("fsync=off",))
        yield server
        server.stop()


def postgres_tool(folder: Path, *command: str) -> None:
    program = _reachable_binaries(folder, None) / command[0]
    done = subprocess.run(
        [program, *command[1:]], capture_output=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.django_db(transaction=True)
def test_positions_and_sequences_go_on_after_a_restore(tmp_path: Path, fresh: Server) -> None:
    for badge in ("1", "2", "3"):
        activate(ANN, badge)
    activate(BOB, "4")
    number_pending()
    reader = Consumer(ConsumerGroup("notes", lambda _: None, transactional=True, batch_size=3))
    reader.step()
    activate(ANN, "unnumbered")
    dump = tmp_path / "dump"
    with psycopg.connect(settings.DATABASE_DIRECT_URL) as writer:
        writer.execute(
            "INSERT INTO events_event (event_id, type, version, audience, user_id, message, data,"
            " correlation_id, created_at) SELECT gen_random_uuid(), type, version, audience,"
            ' user_id, message, \'{"badgeId": "open", "upgradeRequestId": null}\','
            " correlation_id, created_at FROM events_event LIMIT 1"
        )
        postgres_tool(tmp_path, "pg_dump", "-Fc", "--no-owner", "-f", str(dump), database_url())
        writer.rollback()
    with psycopg.connect(fresh.url) as empty:  # a dump has no roles
        empty.execute(f"CREATE ROLE {OWNER} NOLOGIN; CREATE ROLE {APPLICATION} NOLOGIN")
    postgres_tool(tmp_path, "pg_restore", "--no-owner", "-d", fresh.url, str(dump))
    publish, log = tmp_path / "publish", tmp_path / "log"
    with running("none", log=publish, setup=PUBLISH, url=fresh.url) as publisher:
        assert publisher.wait(PATIENCE) == 0, publish.read_text()
    with running("consume", "notes", "--with-sequencer", log=log, setup=SETUP, url=fresh.url) as it:
        wait_for("READ 7 after-2", log)
        it.send_signal(signal.SIGTERM)
        assert it.wait(PATIENCE) == 0
    with psycopg.connect(fresh.url) as restored:
        rows = restored.execute(
            "SELECT position, sequence, data->>'badgeId' FROM events_event ORDER BY position"
        ).fetchall()
    assert rows == [
        (1, 1, "1"), (2, 2, "2"), (3, 3, "3"), (4, 1, "4"),
        (5, 4, "unnumbered"), (6, 5, "after-1"), (7, 6, "after-2"),
    ]  # fmt: skip
    told = [line for line in log.read_text().splitlines() if line.startswith("READ")]
    assert told == ["READ 4 4", "READ 5 unnumbered", "READ 6 after-1", "READ 7 after-2"]
