"""`manage.py leaderboards verify|rebuild`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from analytics.services.proving import Verdict, rebuild_boards, verify_boards


class Command(BaseCommand):
    help = "Compare the leaderboards with the facts and with what they tell of, or make them anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["verify", "rebuild"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "rebuild":
            self.stdout.write(f"{rebuild_boards()} standings made anew from the facts.")
        verdicts = verify_boards(now=timezone.now())
        for verdict in verdicts:
            self.stdout.write(_line(verdict))
        if wrong := sum(verdict.wrong for verdict in verdicts):
            raise CommandError(f"{wrong} standings differ.")
        self.stdout.write("Everything is equal.")


def _line(verdict: Verdict) -> str:
    name = f"{verdict.board}/{verdict.period}"
    return f"{verdict.what:8} {name:16} {verdict.rows:9} compared, {verdict.wrong} differ"
