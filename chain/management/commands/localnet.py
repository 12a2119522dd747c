import sys
from argparse import Namespace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chain.localnet.cli import add_arguments, run


class Command(BaseCommand):
    help = "Serve a Solana cluster of one on this machine, for development."

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG or getattr(settings, "LOCALNET_ALLOWED", False)):
            raise CommandError(
                "A localnet has no place in production: set DEBUG or LOCALNET_ALLOWED to run one."
            )
        code = run(Namespace(**options))
        if code:
            sys.exit(code)
