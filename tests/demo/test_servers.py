"""The embedded servers: for root too, behind closed doors, and after a kill."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from demo.servers import start_postgres
from demo.state import AlreadyRunning, open_state
from tests.demo.processes import wait_until_none

SERVE = """
import sys, time
from pathlib import Path
from demo.servers import start_postgres, start_redis
start_postgres(Path(sys.argv[1]) / "postgres")
start_redis(Path(sys.argv[1]) / "redis")
print("serving", flush=True)
time.sleep(60)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that nobody else may enter, as root's is."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def entrance(home: Path) -> Iterator[Path]:
    """Root's data lies in a folder elsewhere, which pytest does not clear away."""
    yield home / ".demo"
    note = home / ".demo" / "folder"
    if note.exists():
        shutil.rmtree(note.read_text().strip())


def test_postgres_serves_out_of_a_home_that_is_closed_to_others(entrance: Path) -> None:
    with open_state(entrance) as state:
        server = start_postgres(state.folder / "postgres")
        try:
            with psycopg.connect(server.url) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
        finally:
            server.stop()


def test_postgres_runs_out_of_a_copy_when_its_user_cannot_reach_the_installed_one(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the tests: the copy is all that the server needs."""
    monkeypatch.setattr("demo.servers.can_reach", lambda *_: False)
    server = start_postgres(open_folder / "postgres")
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        if os.geteuid() == 0:
            program = Path(f"/proc/{server.process.pid}/exe").readlink()
            assert program.is_relative_to(open_folder)
    finally:
        server.stop()


def test_what_was_committed_outlives_a_killed_server(open_folder: Path) -> None:
    server = start_postgres(open_folder / "postgres")
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server.process.kill()
    server.process.wait()
    again = start_postgres(open_folder / "postgres")
    try:
        with psycopg.connect(again.url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    finally:
        again.stop()


def test_servers_end_with_the_process_that_started_them(open_folder: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", SERVE, open_folder], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"serving\n"
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert wait_until_none(open_folder) == []


def test_a_state_is_private_and_resumed(entrance: Path) -> None:
    with open_state(entrance) as first:
        pass
    with open_state(entrance) as again:
        assert again.folder == first.folder
        assert again.entrance.stat().st_mode & 0o077 == 0


def test_a_state_is_opened_once(entrance: Path) -> None:
    with open_state(entrance), pytest.raises(AlreadyRunning, match="already running"):
        open_state(entrance)


@pytest.mark.parametrize("fate", ["gone", "replaced by a link"])
def test_a_folder_that_is_not_ours_any_more_is_not_resumed(entrance: Path, fate: str) -> None:
    elsewhere = entrance.parent / "elsewhere"
    if fate == "replaced by a link":
        elsewhere.symlink_to(entrance.parent)
    entrance.mkdir(mode=0o700)
    (entrance / "folder").write_text(str(elsewhere))
    with open_state(entrance) as state:
        assert state.folder not in (elsewhere, entrance.parent)
