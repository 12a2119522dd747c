"""Child processes that never outlive their parent, even when the parent is killed."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel to kill this process when the thread that started it ends.

    Must run after a change of user, which clears the request. `parent` is the process that
    started this one: if it has ended already, this raises SystemExit.
    """
    if _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if parent is not None and os.getppid() != parent and not Path(f"/proc/{parent}").exists():
        raise SystemExit("The process that started this one has ended.")


def spawn(
    argv: Sequence[str | os.PathLike[str]],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: int | None = None,
    log: IO[bytes] | int | None = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start `argv` in its own session, bound to this thread's life.

    `user` is a numeric user id (and group id) to run as. Start children from the main thread.
    """
    return subprocess.Popen(  # noqa: S603 - argv is never built from input
        argv,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        preexec_fn=partial(_bind_to, os.getpid()),
    )


def _bind_to(parent: int) -> None:
    """In the forked child. A parent that was killed before we asked would never be missed."""
    die_with_parent()
    if os.getppid() != parent:
        os._exit(1)


def stop(
    process: subprocess.Popen[bytes], *, grace: float = 10.0, how: int = signal.SIGTERM
) -> None:
    """End a child that we started: ask first, kill after `grace` seconds."""
    if process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
