"""Commands in processes of their own, against the test database."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from core.processes import spawn, stop
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]

# A process with a group of its own, and otherwise exactly `manage.py`.
PROGRAM = """
import sys, django
django.setup()
from django.core.management import call_command
from events.groups import ConsumerGroup, register
register(ConsumerGroup("printer", lambda events: print(len(events), flush=True), transactional=False))
{setup}
call_command(*sys.argv[1:])
"""


@contextmanager
def running(
    *command: str,
    log: Path,
    setup: str = "",
    env: Mapping[str, str] | None = None,
    url: str | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """`setup` is Python that runs first; `url` is another database than the test's."""
    database = url or database_url()
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "DATABASE_DIRECT_URL": database,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **(env or {}),
    }
    program = PROGRAM.replace("{setup}", setup)
    with log.open("ab") as out:
        process = spawn(
            [sys.executable, "-c", program, *command], env=environment, cwd=ROOT, log=out
        )
    try:
        yield process
    finally:
        stop(process)


def database_url() -> str:
    name = settings.DATABASES["default"]["NAME"]
    return f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{name}"


def wait_for(text: str, log: Path) -> None:
    wait_until(lambda: text in log.read_text(), seconds=PATIENCE)


def wait_until(true: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert true()
