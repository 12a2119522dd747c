"""`make faults`: proofs that no fault breaks a promise.

Exits 0 when the promise was kept, 1 when it was not. With SEED= the same plan comes again;
what the machine makes of it differs from run to run. Parts that are tests run by pytest.
"""

import argparse
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import NoReturn

from core.processes import die_with_parent
from tests.faults.chaos.plan import PROFILES, Profile
from tests.faults.chaos.report import report, unused
from tests.faults.chaos.run import run
from tests.faults.suites import SUITES, is_suite_kept
from tools.kafka.server import KafkaMissing

PARTS = ["events", *SUITES]


def main() -> int:
    arguments = _parse()
    if arguments.parent is not None:
        die_with_parent(arguments.parent)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    profile = PROFILES[arguments.profile]
    seed = secrets.randbelow(1_000_000) if arguments.seed is None else arguments.seed
    parts = PARTS if arguments.part == "all" else [arguments.part]
    try:
        broken = [part for part in parts if not _is_part_kept(part, profile, seed)]
    except KeyboardInterrupt:
        return 130
    if broken:
        _say(f"Not kept: {', '.join(broken)}")
    return 1 if broken else 0


def _is_part_kept(part: str, profile: Profile, seed: int) -> bool:
    _say(f"Part {part}, profile {profile.name}, seed {seed}")
    if part in SUITES:
        return is_suite_kept(part, profile.name, seed)
    return _are_events_kept(profile, seed)


def _are_events_kept(profile: Profile, seed: int) -> bool:
    folder = Path(tempfile.mkdtemp(prefix="aiw3-faults-"))
    folder.chmod(0o711)  # root's PostgreSQL runs as somebody else
    try:
        kept = _is_kept(folder, profile, seed)
    except (KafkaMissing, RuntimeError) as error:
        kept = False
        _say(str(error))
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if kept:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        _say(f"Logs and journals: {folder}")
    return kept


def _is_kept(folder: Path, profile: Profile, seed: int) -> bool:
    result = run(folder, profile, seed, _say)
    _say(f"\n{report(result)}")
    never = unused(result)
    for kind in never:
        _say(f"It never came to this: {kind}. The run proves less than it should.")
    return not result.breaches and not never


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--part", choices=["all", *PARTS], default="all")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="short")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--parent", type=int, help="end when this process ends")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
