"""`manage.py replay --group G`: read the log again for a group, without outside effects."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from events.groups import group_named, group_names
from events.replay import replay_in_place, replay_into_shadow
from events.selection import selection_of


class Command(BaseCommand):
    help = "Read the log again for a group. Nothing is sent to the outside."

    def add_arguments(self, parser: ArgumentParser) -> None:
        edge = "position or time (2026-01-01T00:00:00Z), included"
        parser.add_argument("--group", required=True)
        parser.add_argument("--from", dest="start", default="", metavar="EDGE", help=edge)
        parser.add_argument("--to", dest="end", default="", metavar="EDGE", help=edge)
        parser.add_argument("--type", dest="types", action="append", default=[])
        parser.add_argument("--user", default="", metavar="UUID")
        parser.add_argument("--into", choices=["live", "shadow"], default="live")
        parser.add_argument(
            "--swap", action="store_true", help="put the shadow in the live model's place"
        )

    def handle(self, *args: Any, group: str, **options: Any) -> None:
        if group not in group_names():
            raise CommandError(f"No group {group}; there are {group_names()}")
        if options["swap"] and options["into"] != "shadow":
            raise CommandError("--swap goes with --into shadow")
        try:
            count = self._replay(group, options)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{count} events replayed for {group}, into {options['into']}.")

    def _replay(self, group: str, options: dict[str, Any]) -> int:
        names = ("start", "end", "types", "user")
        selection = selection_of(**{name: options[name] for name in names})
        if options["into"] == "live":
            return replay_in_place(group=group_named(group), selection=selection)
        return replay_into_shadow(
            group=group_named(group), selection=selection, swap=options["swap"]
        )
