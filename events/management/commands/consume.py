"""`manage.py consume GROUP…`: read the log for these groups until told to stop."""

import json
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from events.bus import reader_names, reader_of
from events.events import plain
from events.processes import run_until_signal
from events.sequencer import run_sequencer
from events.status import GroupStatus, group_statuses, unnumbered
from events.watch import watched

COLUMNS = "{:<28} {:>10} {:>8} {:>9} {:>6} {:>8}  {:<15} {}"


class Command(BaseCommand):
    help = "Run consumer groups. A second process with the same group stands by."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("groups", nargs="*", metavar="GROUP")
        parser.add_argument("--with-sequencer", action="store_true")
        parser.add_argument(
            "--status", action="store_true", help="print where the groups stand (all by default)"
        )
        parser.add_argument("--json", action="store_true", help="the status, for programs")
        parser.add_argument(
            "--metrics-port", type=int, help="serve /metrics and /healthz here (0: a free port)"
        )
        parser.add_argument("--metrics-host", default="127.0.0.1")

    def handle(self, *args: Any, groups: list[str], status: bool, **options: Any) -> None:
        known = reader_names()
        unknown = sorted(set(groups) - set(known))
        if unknown:
            raise CommandError(f"No group {', '.join(unknown)}; there are {known}")
        if status:
            self._print_status(groups or known, as_json=options["json"])
        elif groups:
            self._run(groups, options)
        else:
            raise CommandError(f"Which groups? There are {known}")

    def _run(self, groups: list[str], options: dict[str, Any]) -> None:
        readers = {name: reader_of(name) for name in groups}
        loops: dict[str, Callable[[threading.Event], None]] = {
            name: reader.run for name, reader in readers.items()
        }
        if options["with_sequencer"]:
            loops["sequencer"] = run_sequencer
        host, port = options["metrics_host"], options["metrics_port"]
        with watched(readers, host=host, port=port) as server:
            if server is not None:
                self.stdout.write(f"Metrics at http://{host}:{server.server_port}/metrics")
                self.stdout.flush()
            if not run_until_signal(loops):
                raise CommandError("A loop ended by itself; see the log.")

    def _print_status(self, names: list[str], *, as_json: bool) -> None:
        now = timezone.now()
        statuses = group_statuses(names=names, now=now)
        if as_json:
            self.stdout.write(json.dumps([plain(status) for status in statuses], indent=2))
            return
        count, seconds = unnumbered(now=now)
        self.stdout.write(f"Waiting for the sequencer: {count} events, {seconds:.1f} s")
        self.stdout.write(
            COLUMNS.format("GROUP", "POSITION", "LAG", "LAG S", "DEAD", "TURN S", "LEASE", "OWNER")
        )
        for status in statuses:
            self.stdout.write(_line(status, now).rstrip())


def _line(status: GroupStatus, now: datetime) -> str:
    turned = f"{(now - status.turned_at).total_seconds():.1f}" if status.turned_at else "-"
    lease = f"{status.lease_until:%m-%d %H:%M:%S}" if status.lease_until else "-"
    owner = status.owner or ("members" if status.is_led(now) else "nobody")
    if status.stop_reason is not None:
        owner = f"STOPPED: {status.stop_reason}"
    seconds = "-" if status.lag_seconds is None else f"{status.lag_seconds:.1f}"
    position, lag = ("-" if it is None else it for it in (status.position, status.lag))
    return COLUMNS.format(
        status.name, position, lag, seconds, status.dead_letters, turned, lease, owner
    )
