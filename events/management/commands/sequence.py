"""`manage.py sequence`: number committed events until told to stop."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events.processes import run_until_signal
from events.sequencer import run_sequencer


class Command(BaseCommand):
    help = "Give committed events their place in the log. Any number of these may run."

    def handle(self, *args: Any, **options: Any) -> None:
        if not run_until_signal({"sequencer": run_sequencer}):
            raise CommandError("The sequencer ended by itself; see the log.")
