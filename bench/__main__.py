"""`python -m bench [PART ...]`: measures, prints, and writes what it measured."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import analytics, api, audit, events, realtime, services, upgrades
from bench.report import Report, table, write
from bench.stand import ROOT, BenchFailed
from core.interrupts import interrupt_on
from core.processes import die_with_parent
from tools.kafka.server import KafkaMissing

PARTS = {
    "realtime": realtime.measure,
    "events": events.measure,
    "upgrades": upgrades.measure,
    "api": api.measure,
    "analytics": analytics.measure,
    "audit": audit.measure,
    "services": services.measure,
}


def main() -> int:
    arguments = _parse()
    if arguments.parent is not None:
        die_with_parent(arguments.parent)
    interrupt_on(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    parts = arguments.parts or list(PARTS)
    if len(parts) > 1:
        return _one_by_one(parts)
    try:
        _finish(PARTS[parts[0]](arguments.rounds, quick=arguments.quick), arguments.output)
    except (BenchFailed, KafkaMissing, RuntimeError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _one_by_one(parts: Sequence[str]) -> int:
    """Each in a process of its own: Django takes its settings, and so the servers, only once."""
    options = [argument for argument in sys.argv[1:] if argument not in parts]
    command = [sys.executable, "-m", "bench", *options, "--parent", str(os.getpid())]
    codes = [subprocess.run([*command, part], cwd=ROOT, check=False).returncode for part in parts]
    return max(codes)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5, help="of each measure; the median counts")
    parser.add_argument("--quick", action="store_true", help="only shows that everything runs")
    parser.add_argument("--output", type=Path, default=ROOT, help="instead of this checkout")
    parser.add_argument("--parent", type=int, help="end when this process ends")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return arguments


def _finish(report: Report, output: Path) -> None:
    print(f"\n{report.title}\n{table(report.measures)}", flush=True)
    write(
        report,
        data=output / "build" / "bench.json",
        page=output / "docs" / "performance.md",
    )


if __name__ == "__main__":
    sys.exit(main())
