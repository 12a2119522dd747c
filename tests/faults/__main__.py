"""`make faults`: proofs that no fault breaks a promise.

Exits 0 when every promise was kept, 1 when one was not. With SEED= the same plan comes again;
what the machine makes of it differs from run to run. Parts that are tests run by pytest.
"""

import argparse
import secrets
import signal
import sys
from collections.abc import Callable
from functools import partial

from core.interrupts import interrupt_on
from core.processes import die_with_parent
from tests.faults.chaos.plan import PROFILES
from tests.faults.chaos.proof import are_events_kept
from tests.faults.services.proof import are_services_kept
from tests.faults.streams import are_streams_kept
from tests.faults.suites import SUITES, is_suite_kept
from tests.faults.upgrade import is_upgrade_kept

# Each takes the profile's name and the seed.
PARTS: dict[str, Callable[[str, int], bool]] = {
    "events": are_events_kept,
    "services": are_services_kept,
    "realtime": are_streams_kept,
    "upgrade": is_upgrade_kept,
    **{part: partial(is_suite_kept, part) for part in SUITES},
}


def main() -> int:
    arguments = _parse()
    if arguments.parent is not None:
        die_with_parent(arguments.parent)
    interrupt_on(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    seed = secrets.randbelow(1_000_000) if arguments.seed is None else arguments.seed
    parts = list(PARTS) if arguments.part == "all" else [arguments.part]
    try:
        broken = [part for part in parts if not _is_kept(part, arguments.profile, seed)]
    except KeyboardInterrupt:
        return 130
    if broken:
        _say(f"Not kept: {', '.join(broken)}")
    return 1 if broken else 0


def _is_kept(part: str, profile: str, seed: int) -> bool:
    _say(f"Part {part}, profile {profile}, seed {seed}")
    return PARTS[part](profile, seed)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--part", choices=["all", *PARTS], default="all")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="short")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--parent", type=int, help="end when this process ends")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
