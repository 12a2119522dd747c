"""The readers: `bench/load/client.c`, compiled when a run begins and told what to do."""

import json
import os
import resource
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from bench.realtime.servers import Server
from bench.stand import ROOT, BenchFailed
from core.processes import die_with_parent

SOURCE = ROOT / "bench" / "load" / "client.c"
ON_THE_WAY = 500  # connections that are being opened at a time
SPARE_FILES = 500

Arrivals = dict[UUID, list[float]]


def build_client() -> Path:
    """The compiled load client. Raises BenchFailed."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise BenchFailed("The part `realtime` needs a C compiler (`cc`) for its load client.")
    program = ROOT / "build" / "load-client"
    program.parent.mkdir(exist_ok=True)
    # Beside its name, then in its place: another run may be using the old one.
    made = program.with_name(f"load-client-{os.getpid()}")
    done = subprocess.run(
        [compiler, "-O2", "-Wall", "-o", made, SOURCE], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BenchFailed(f"The load client does not compile: {done.stderr[-2000:]}")
    return made.replace(program)


def allow_files(connections: int) -> None:
    """For this process and those it starts. Raises BenchFailed."""
    needed = connections + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise BenchFailed(f"{needed} open files are needed and {hard} allowed: ulimit -Hn")
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


@dataclass(frozen=True)
class Crowd:
    """Connections to one server. Every call raises BenchFailed when the client has ended."""

    commands: IO[str]
    answers: IO[str]
    folder: Path

    def open(self, requests: Iterable[str], *, events: int = 0) -> float:
        """Seconds until each has its first message and `events` events.

        A request is a path, then headers, with tabs between them.
        """
        file = self.folder / "requests"
        file.write_text("".join(f"{request}\n" for request in requests))
        answer = self._tell(f"open {file} {ON_THE_WAY} {events}")
        if answer["failed"]:
            raise BenchFailed(f"{answer['failed']} connections were refused or lost.")
        return float(answer["seconds"])

    def record(self) -> None:
        """Only what arrives from now on counts."""
        self._tell("record")

    def arrivals(self, count: int, *, patience: float) -> Arrivals:
        """When each event arrived (CLOCK_MONOTONIC), at every reader of it, by event id.

        Returns as soon as `count` have, or after `patience` seconds with fewer.
        """
        answer = self._tell(f"wait {count} {patience}")
        if answer["dropped"]:
            raise BenchFailed(f"{answer['dropped']} connections were dropped.")
        file = self.folder / "arrivals"
        self._tell(f"save {file}")
        found: Arrivals = defaultdict(list)
        with file.open() as lines:
            for line in lines:
                event_id, nanoseconds = line.split()
                found[UUID(event_id)].append(int(nanoseconds) / 1e9)
        return found

    def close(self) -> None:
        if dropped := self._tell("close")["dropped"]:
            raise BenchFailed(f"{dropped} connections were dropped.")

    def _tell(self, command: str) -> dict[str, Any]:
        self.commands.write(f"{command}\n")
        self.commands.flush()
        answer = self.answers.readline()
        if not answer:
            raise BenchFailed("The load client has ended.")
        found: dict[str, Any] = json.loads(answer)
        return found


@contextmanager
def crowd(
    program: Path, server: Server, folder: Path, *, websocket: bool = False
) -> Iterator[Crowd]:
    """The client, without a connection yet; none is left at the end."""
    command = [str(program), str(server.port), *(["--websocket"] if websocket else [])]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        preexec_fn=die_with_parent,
    )  # fmt: skip
    with process:
        try:
            assert process.stdin is not None  # noqa: S101 - both are pipes
            assert process.stdout is not None  # noqa: S101
            yield Crowd(process.stdin, process.stdout, folder)
        finally:
            process.kill()
