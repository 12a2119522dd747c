"""`manage.py audit ...`: runs, exports, erases and examines the audit log."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from audit.handlers import AUDIT
from audit.models import HoldScope, LegalHold
from audit.services.appending import run_appender
from audit.services.checkpoints import log_signers
from audit.services.doctor import broken_promises, warnings
from audit.services.erasing import erase_person
from audit.services.exporting import export_bundle, export_records, export_transactions
from audit.services.granting import grant_to_application
from audit.services.holding import place_hold, release_hold
from core.errors import DomainError
from events.bus import group_reader
from events.processes import run_until_signal
from events.watch import watched


def a_time(text: str) -> datetime:
    """RFC 3339, or a date, which begins at midnight UTC."""
    found = parse_datetime(text if "T" in text else f"{text}T00:00:00Z")
    if found is None or found.tzinfo is None:
        raise ArgumentTypeError("a date, or a time with its offset: 2026-01-01T00:00:00Z")
    return found.astimezone(UTC)


class Command(BaseCommand):
    help = "The audit log: run it, export it, erase a person from it, examine it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        run = actions.add_parser("run", help="the consumer group `audit` and the appender")
        run.add_argument("--metrics-port", type=int)
        run.add_argument("--metrics-host", default="127.0.0.1")
        actions.add_parser("key", help="what a verifier needs: the log's public keys")
        actions.add_parser("doctor", help="does the database keep the promise?")
        grant = actions.add_parser("grant", help="to a role what it needs to run the application")
        grant.add_argument("role", help="it exists, may log in, and is not the one that migrates")
        self._add_exports(actions)
        erase = actions.add_parser("erase", help="a person; proofs stay valid")
        erase.add_argument("user", type=UUID)
        erase.add_argument("--reason", required=True, help="kept for ever: do not name the person")
        hold = actions.add_parser("hold", help="keep records from being erased")
        hold.add_argument("scope", choices=HoldScope.values)
        hold.add_argument("value")
        hold.add_argument("--reason", required=True)
        release = actions.add_parser("release", help="a legal hold")
        release.add_argument("hold", type=int)
        release.add_argument("--reason", required=True)
        actions.add_parser("holds", help="those in force")

    def _add_exports(self, actions: Any) -> None:
        export = actions.add_parser("export", help="a bundle that tools/verify_audit.py verifies")
        for name in ("--correlation", "--object"):
            export.add_argument(name, help="only these records")
        export.add_argument("--user", type=UUID, help="only these records")
        export.add_argument(
            "--seen", type=int, action="append", default=[], metavar="SIZE",
            help="of a checkpoint that you hold, to compare with a part of the log",
        )  # fmt: skip
        records = actions.add_parser("records", help="of a period, for compliance")
        transactions = actions.add_parser("transactions", help="of the chain, of a period")
        for table in (records, transactions):
            table.add_argument("--format", choices=["csv", "jsonl"], default="csv")
        for parser in (export, records, transactions):
            must = parser is not export
            parser.add_argument("--since", type=a_time, required=must)
            parser.add_argument("--until", type=a_time, required=must, help="not included")
            parser.add_argument("--output", type=Path, help="instead of standard output")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(options)
        except DomainError as error:
            raise CommandError(error.message) from None

    def _run(self, options: dict[str, Any]) -> None:
        reader = group_reader(AUDIT)
        host, port = options["metrics_host"], options["metrics_port"]
        with watched({AUDIT.name: reader}, host=host, port=port):
            if not run_until_signal({AUDIT.name: reader.run, "appender": run_appender}):
                raise CommandError("A loop ended by itself; see the log.")

    def _key(self, _options: dict[str, Any]) -> None:
        for signer in log_signers():
            self.stdout.write(signer.verifier_key())

    def _doctor(self, _options: dict[str, Any]) -> None:
        for warning in warnings():
            self.stdout.write(f"Warning: {warning}")
        broken = list(broken_promises())
        for promise in broken:
            self.stdout.write(promise)
        if broken:
            raise CommandError("The application could change the audit log.")
        self.stdout.write("The application cannot change the audit log.")

    def _grant(self, options: dict[str, Any]) -> None:
        grant_to_application(role=options["role"])
        self.stdout.write(f"{options['role']} may run the application; it owns nothing.")

    def _export(self, options: dict[str, Any]) -> None:
        chosen, about = _chosen(options)
        self._write(
            options,
            lambda out: export_bundle(
                out=out, chosen=chosen, about=about, now=timezone.now(), seen=options["seen"]
            ),
        )

    def _records(self, options: dict[str, Any]) -> None:
        self._table(options, export_records)

    def _transactions(self, options: dict[str, Any]) -> None:
        self._table(options, export_transactions)

    def _table(self, options: dict[str, Any], export: Callable[..., int]) -> None:
        period = {name: options[name] for name in ("since", "until")}
        as_csv = options["format"] == "csv"
        about = {name: moment.isoformat() for name, moment in period.items()}
        self._write(options, lambda out: export(out=out, as_csv=as_csv, about=about, **period))

    def _write(self, options: dict[str, Any], export: Callable[[TextIO], int]) -> None:
        with _opened(options["output"], self.stdout) as out:
            count = export(out)
        self.stderr.write(f"{count} exported.")

    def _erase(self, options: dict[str, Any]) -> None:
        count = erase_person(user_id=options["user"], reason=options["reason"])
        self.stdout.write(f"{count} records no longer tell of this person.")

    def _hold(self, options: dict[str, Any]) -> None:
        wanted = {name: options[name] for name in ("scope", "value", "reason")}
        hold = place_hold(**wanted, by="command", now=timezone.now())
        self.stdout.write(f"Hold {hold.pk}: {hold}")

    def _release(self, options: dict[str, Any]) -> None:
        release_hold(
            hold_id=options["hold"], reason=options["reason"], by="command", now=timezone.now()
        )
        self.stdout.write("Released.")

    def _holds(self, _options: dict[str, Any]) -> None:
        for hold in LegalHold.objects.in_force():
            self.stdout.write(f"{hold.pk} {hold} since {hold.placed_at:%Y-%m-%d}: {hold.reason}")


def _chosen(options: dict[str, Any]) -> tuple[Q | None, dict[str, Any]]:
    """The condition, None for the whole log, and the same for the record of the export."""
    lookups = {
        "user": "subject", "object": "object", "correlation": "correlation",
        "since": "at__gte", "until": "at__lt",
    }  # fmt: skip
    given = {name: options[name] for name in lookups if options[name] is not None}
    chosen = Q(**{lookups[name]: value for name, value in given.items()}) if given else None
    # A person's id would outlive their erasure here.
    return chosen, {name: str(value) for name, value in given.items() if name != "user"}


@contextmanager
def _opened(path: Path | None, default: Any) -> Any:
    if path is None:
        yield default if default is not None else sys.stdout
        return
    with path.open("w", newline="") as out:
        yield out
