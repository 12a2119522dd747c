"""Where an installation of the demo keeps what must outlive a run."""

import fcntl
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from demo.servers import NOBODY, can_reach

PRIVATE_FOLDERS = Path("/var/tmp")  # noqa: S108 - survives a restart; names there are random


class AlreadyRunning(Exception):
    """Another demo works in this folder."""


@dataclass(frozen=True)
class State:
    """`entrance` is `.demo/`; `folder` holds the data and is usually the same.

    Both are private, and locked until the end of `with`.
    """

    entrance: Path
    folder: Path
    lock: IO[str]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.lock.close()

    @property
    def info(self) -> Path:
        return self.entrance / "info.json"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


def open_state(entrance: Path) -> State:
    """Raises AlreadyRunning when another process has this state open."""
    entrance = entrance.absolute()
    entrance.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _take_lock(entrance / "lock")
    folder = _data_folder(entrance)
    (folder / "logs").mkdir(mode=0o700, exist_ok=True)
    return State(entrance, folder, lock)


def _take_lock(path: Path) -> IO[str]:
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        owner = lock.read().strip()
        lock.close()
        raise AlreadyRunning(
            f"A demo is already running in {path.parent} (process {owner})."
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _data_folder(entrance: Path) -> Path:
    """`entrance` itself, or a folder it names where the database's user cannot pass through.

    Root's PostgreSQL runs as `nobody`, who has to get into the folder but not to list it.
    """
    if os.geteuid() != 0:
        return entrance
    if can_reach(entrance.parent, NOBODY):
        entrance.chmod(0o711)
        return entrance
    note = entrance / "folder"
    if note.exists() and _is_ours(named := Path(note.read_text().strip())):
        return named
    folder = Path(tempfile.mkdtemp(prefix="aiw3-demo-", dir=PRIVATE_FOLDERS))
    folder.chmod(0o711)
    note.write_text(f"{folder}\n")
    return folder


def _is_ours(folder: Path) -> bool:
    """A folder that vanished, or that somebody else put in its place, is not resumed."""
    return folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.geteuid()
