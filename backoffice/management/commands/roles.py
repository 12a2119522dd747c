"""`manage.py roles`: the admin's groups may what backoffice/roles.py says."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice.roles import keep_roles


class Command(BaseCommand):
    help = "Make the admin's roles, or put them right, and print what changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; fail on differences"
        )

    def handle(self, *args: Any, check: bool, **_: Any) -> None:
        try:
            changes = keep_roles(dry_run=check)
        except LookupError as error:
            raise CommandError(str(error)) from None
        for change in changes:
            for sign, names in (("+", change.granted), ("-", change.taken)):
                for name in names:
                    self.stdout.write(f"{change.role}: {sign} {name}")
        if check and changes:
            raise CommandError(f"{len(changes)} roles differ; `manage.py roles` puts them right.")
        if not changes:
            self.stdout.write("The roles are as they should be.")
