"""`manage.py seed`: the tiers and badges of a new installation. Safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand

from nft.services.seeding import seed_ladder


class Command(BaseCommand):
    help = "Add the five tiers and their badges where they are missing; change nothing else."

    def handle(self, *args: Any, **options: Any) -> None:
        seeded = seed_ladder()
        self.stdout.write(f"New: {seeded.tiers} tiers, {seeded.badges} badges.")
