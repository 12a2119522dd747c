"""`manage.py prove_upgrade --kill-everywhere`: whoever burned gets one NFT, wherever we die."""

import secrets
import shutil
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Run real upgrades on servers of its own and kill the processes at every commit, RPC "
        "call, enqueue and push; then compare the chain and the database with the promises."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kill-everywhere", action="store_true", required=True)
        parser.add_argument("--sample", type=int, help="only so many of the points found")
        parser.add_argument("--seed", type=int, help="which ones")
        parser.add_argument("--only", default="", help="only points with this text")
        parser.add_argument("--lanes", type=int, help="systems at a time")
        parser.add_argument("--quick", action="store_true", help="with shorter waits")
        parser.add_argument("--break", dest="breaks", default="", help="break a guard first")
        parser.add_argument("--record", action="store_true", help="write down the points found")

    def handle(self, *args: Any, **options: Any) -> None:
        from proof.crew import default_lanes
        from proof.proving import Plan, prove
        from proof.report import report, verdict, write_record

        plan = Plan(
            lanes=options["lanes"] or default_lanes(),
            seed=secrets.randbelow(10**6) if options["seed"] is None else options["seed"],
            sample=options["sample"],
            pace="quick" if options["quick"] else "default",
            breaks=options["breaks"],
            only=options["only"],
        )
        folder = Path(tempfile.mkdtemp(prefix="aiw3-proof-"))
        folder.chmod(0o711)  # root's PostgreSQL runs as somebody else
        self._say(f"Seed {plan.seed}, {plan.lanes} lanes, logs in {folder}")
        proof = prove(folder, plan, self._say)
        self._say(report(proof))
        if options["record"]:
            write_record(proof)
        faults = verdict(proof, plan)
        if faults:
            raise CommandError("\n".join([*faults, f"Logs: {folder}"]))
        shutil.rmtree(folder, ignore_errors=True)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
