"""Which processes belong to a demo: those that name its folder, or work in it."""

import time
from pathlib import Path

from tests.patience import PATIENCE


def processes_of(folder: Path) -> list[str]:
    """`pid command` of each live process that has the path in what it was started with."""
    own = str(folder).encode()
    return [found for process in Path("/proc").glob("[0-9]*") if (found := _if_of(process, own))]


def wait_until_none(folder: Path, *, seconds: float = PATIENCE) -> list[str]:
    """What is still there after `seconds`: nothing, when all is well."""
    deadline = time.monotonic() + seconds
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _if_of(process: Path, folder: bytes) -> str | None:
    try:
        command = (process / "cmdline").read_bytes()
        places = command + (process / "environ").read_bytes()
        works_in = bytes((process / "cwd").readlink())
    except OSError:
        return None  # ended meanwhile, or somebody else's
    if folder not in places + works_in or not command:  # an ended one has no command any more
        return None
    return f"{process.name} {command.replace(bytes(1), b' ').decode(errors='replace')}"
