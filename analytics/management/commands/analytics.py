"""`manage.py analytics compare`: the live read model beside the shadow that a replay has built."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from analytics.services.rebuilding import compare, shadow_exists
from events.models import GroupCursor


class Command(BaseCommand):
    help = "Compare the read model with the shadow of `replay --group analytics --into shadow`."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["compare"])

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            if not shadow_exists():
                raise CommandError("There is no shadow; make one with replay --into shadow.")
            found = compare()
        for table in found:
            self.stdout.write(f"{table}: {table.live_rows} rows live, {table.built_rows} built")
        places = [self._place("analytics"), self._place("analytics/replay")]
        if all(table.is_same for table in found):
            self.stdout.write("The same.")
        elif places[0] != places[1]:
            raise CommandError(f"Not at the same event: live at {places[0]}, built to {places[1]}.")
        else:
            raise CommandError("Different.")

    def _place(self, group: str) -> int:
        return (
            GroupCursor.objects.filter(name=group).values_list("position", flat=True).first() or 0
        )
