"""Makes `.venv` from the lock files. Runs on a bare Python: standard library only.

    python -m demo.install runtime|dev|lock [--parent PID]

A stamp inside `.venv` holds the digest of what was installed. It is written last, so an
interrupted installation starts afresh; it no longer matches when a lock file changes.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from core.processes import die_with_parent, spawn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = {"runtime": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
EXTRAS = {"runtime": ("demo",), "dev": ("demo", "dev")}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.install")
    parser.add_argument("what", choices=["runtime", "dev", "lock"])
    parser.add_argument("--parent", type=int, help="end when this process ends")
    arguments = parser.parse_args()
    if arguments.parent is not None:
        die_with_parent(arguments.parent)
    if arguments.what == "lock":
        return _resolve()
    return _install(arguments.what)


def _install(kind: str) -> int:
    if VENV.is_symlink():  # somebody else keeps that environment
        return 0
    directory = os.open(ROOT, os.O_RDONLY)  # closed, and so unlocked, at exit
    fcntl.flock(directory, fcntl.LOCK_EX)
    if _is_current(kind):
        return 0
    print(f"Installing the locked dependencies ({LOCKS[kind].name}) into .venv ...", flush=True)
    on_top = kind == "dev" and _is_current("runtime") and not _stamp("dev").exists()
    if not on_top:
        shutil.rmtree(VENV, ignore_errors=True)
        venv.create(VENV, with_pip=True, symlinks=True)
    failed = _run(
        VENV / "bin" / "python", "-m", "pip", "install", "--require-hashes", "--no-deps",
        "--only-binary=:all:", "--no-binary=http-ece",  # which exists as source only
        "--disable-pip-version-check", "--no-input", "--quiet",
        "--requirement", LOCKS[kind],
    )  # fmt: skip
    if failed:
        return failed
    for done in LOCKS if kind == "dev" else ("runtime",):
        _stamp(done).write_text(_digest(done))
    return 0


def _stamp(kind: str) -> Path:
    return VENV / f"{kind}.installed"


def _digest(kind: str) -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}\n".encode()
    return hashlib.sha256(version + LOCKS[kind].read_bytes()).hexdigest()


def _is_current(kind: str) -> bool:
    stamp = _stamp(kind)
    return stamp.exists() and stamp.read_text() == _digest(kind)


def _resolve() -> int:
    """Write both lock files: hashes for every platform, and no address of a registry."""
    with tempfile.TemporaryDirectory(prefix="aiw3-lock-") as folder:
        venv.create(folder, with_pip=True, symlinks=True)
        python = Path(folder) / "bin" / "python"
        failed = _run(python, "-m", "pip", "install", "--quiet", "uv")
        for kind, lock in LOCKS.items():
            extras = [f"--extra={extra}" for extra in EXTRAS[kind]]
            pins = [f"--constraint={LOCKS['runtime'].name}"] if kind == "dev" else []
            failed = failed or _run(
                python, "-m", "uv", "pip", "compile", "pyproject.toml", *extras, *pins,
                "--universal", "--python-version=3.11", "--generate-hashes", "--no-header",
                "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet",
                f"--output-file={lock.name}", env=os.environ | _registry_of_pip(python),
            )  # fmt: skip
    return failed


def _registry_of_pip(python: Path) -> dict[str, str]:
    """Where pip is configured to look, for a resolver that does not read pip's files."""
    asked = subprocess.run(
        [python, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {"UV_DEFAULT_INDEX": asked.stdout.strip()} if asked.returncode == 0 else {}


def _run(*argv: str | Path, env: dict[str, str] | None = None) -> int:
    """Run to the end, with our own output; dies with us."""
    return spawn(argv, cwd=ROOT, env=env, log=None).wait()


if __name__ == "__main__":
    sys.exit(main())
