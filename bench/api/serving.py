"""The web process, as the Procfile runs it."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from socket import create_connection

from bench.stand import BenchFailed, Stand
from demo.servers import free_port

START_SECONDS = 60.0


@contextmanager
def web(stand: Stand, name: str, env: Mapping[str, str]) -> Iterator[int]:
    """Its port, once it answers. Raises BenchFailed."""
    port = free_port()
    command = ["-m", "uvicorn", "config.asgi:application", "--port", str(port), "--no-access-log"]
    more = {"ALLOWED_HOSTS": "127.0.0.1", **env}
    with stand.running(*command, env=more, log=name):
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if time.monotonic() > deadline:
                raise BenchFailed(f"The web server {name} of {sys.executable} did not start.")
            time.sleep(0.05)
        yield port


def _answers(port: int) -> bool:
    try:
        create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
