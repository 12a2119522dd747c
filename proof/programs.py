"""The Procfile's processes, forked from one that has everything loaded: a start takes moments."""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess
from pathlib import Path

from core.processes import die_with_parent

ROOT = Path(__file__).resolve().parent.parent
_fork = multiprocessing.get_context("fork")


def words_of(program: str, environment: Mapping[str, str]) -> list[str]:
    """A line of the Procfile without its `python`, as the shell would pass it."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    line = next(line for line in lines if line.startswith(f"{program}: "))
    command = line.removeprefix(f"{program}: python ")
    shown = subprocess.run(  # noqa: S603 - our own Procfile
        ["/bin/sh", "-c", f"printf '%s\\0' {command}"],
        env=dict(environment), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return shown.stdout.rstrip("\0").split("\0")


@dataclass
class Program:
    """One process; `prepare` runs in it before it becomes the program."""

    name: str
    words: list[str]
    log: Path
    prepare: Callable[[], None]
    _process: ForkProcess | None = field(default=None, repr=False)

    def start(self) -> None:
        """Fork. The caller must have no threads and no open database session."""
        self._process = _fork.Process(target=self._become, name=self.name)
        self._process.start()

    @property
    def has_ended(self) -> bool:
        return self._process is not None and not self._process.is_alive()

    @property
    def exit_code(self) -> int | None:
        return self._process.exitcode if self._process else None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _become(self) -> None:
        os.setsid()
        die_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with self.log.open("ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        self.prepare()
        if self.words[0] == "-m":
            sys.argv = self.words[1:]
            runpy.run_module(self.words[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = self.words
            runpy.run_path(self.words[0], run_name="__main__")
