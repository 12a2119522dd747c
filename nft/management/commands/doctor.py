"""`manage.py doctor`: do the rows and the chain agree, for every NFT and every upgrade?"""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from chain.errors import ChainError
from nft.services.doctor import Rows, all_nfts, all_upgrades, examine_nfts, examine_upgrades, pages
from nft.services.doctor_rules import Disagreement

Examine = Callable[..., list[Disagreement]]


class Command(BaseCommand):
    help = "Compare the database with the chain. Exit code 1 when they disagree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--page", type=int, default=50, help="rows read and asked at once")
        parser.add_argument("--pause", type=float, default=0.2, help="seconds between two pages")
        parser.add_argument(
            "--settle",
            type=float,
            default=10.0,
            help="seconds until what disagreed is looked at again: rows follow the chain",
        )

    def handle(self, *args: Any, page: int, pause: float, settle: float, **options: Any) -> None:
        if page < 1:
            raise CommandError("--page must be at least 1")
        try:
            found = [
                *self._examine(
                    "NFTs", all_nfts, examine_nfts, page=page, pause=pause, settle=settle
                ),
                *self._examine(
                    "upgrades",
                    all_upgrades,
                    examine_upgrades,
                    page=page,
                    pause=pause,
                    settle=settle,
                ),
            ]
        except ChainError as error:
            raise CommandError(f"The chain cannot be asked. {error}") from None
        for disagreement in found:
            self.stdout.write(str(disagreement))
        if found:
            raise CommandError(f"{len(found)} disagreements.")
        self.stdout.write("The database and the chain agree.")

    def _examine(
        self,
        kind: str,
        rows: Callable[[], Rows],
        examine: Examine,
        *,
        page: int,
        pause: float,
        settle: float,
    ) -> list[Disagreement]:
        count, suspects = 0, set[UUID]()
        for batch in pages(rows(), size=page):
            suspects |= {it.row_id for it in examine(batch, now=self._now())}
            count += len(batch)
            time.sleep(pause)
        self.stdout.write(f"{count} {kind} examined, {len(suspects)} to be looked at again.")
        if suspects:
            time.sleep(settle)
        again = pages(rows().filter(id__in=suspects), size=page)
        return [found for batch in again for found in examine(batch, now=self._now())]

    def _now(self) -> datetime:
        return timezone.now()
