"""`manage.py doctor`: do the rows and the chain agree, for every NFT and every upgrade?"""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from chain.errors import ChainError
from nft.services.doctor import Rows, all_nfts, all_upgrades, examine_nfts, examine_upgrades, pages
from nft.services.doctor_rules import Disagreement

Examine = Callable[..., list[Disagreement]]


@dataclass(frozen=True)
class Pace:
    """`page` in rows, the others in seconds."""

    page: int
    pause: float
    settle: float


class Command(BaseCommand):
    help = "Compare the database with the chain. Exit code 1 when they disagree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--page", type=int, default=50, help="rows read and asked at once")
        parser.add_argument("--pause", type=float, default=0.2, help="seconds between two pages")
        parser.add_argument(
            "--settle",
            type=float,
            default=20.0,
            help="seconds until what disagreed is looked at again: rows follow the chain",
        )

    def handle(self, *args: Any, page: int, pause: float, settle: float, **options: Any) -> None:
        if page < 1:
            raise CommandError("--page must be at least 1")
        pace = Pace(page, pause, settle)
        try:
            found = [
                *self._examine("NFTs", all_nfts, examine_nfts, pace),
                *self._examine("upgrades", all_upgrades, examine_upgrades, pace),
            ]
        except ChainError as error:
            raise CommandError(f"The chain cannot be asked. {error}") from None
        for disagreement in found:
            self.stdout.write(str(disagreement))
        if found:
            raise CommandError(f"{len(found)} disagreements.")
        self.stdout.write("The database and the chain agree.")

    def _examine(
        self, kind: str, rows: Callable[[], Rows], examine: Examine, pace: Pace
    ) -> list[Disagreement]:
        count, suspects = 0, set[UUID]()
        for batch in pages(rows(), size=pace.page):
            suspects |= {it.row_id for it in examine(batch, now=timezone.now())}
            count += len(batch)
            time.sleep(pace.pause)
        self.stdout.write(f"{count} {kind} examined, {len(suspects)} to be looked at again.")
        if suspects:
            time.sleep(pace.settle)
        again = pages(rows().filter(id__in=suspects), size=pace.page)
        return [found for batch in again for found in examine(batch, now=timezone.now())]
