"""`manage.py erase_person USER-ID --reason …`: everywhere at once (docs/admin.md)."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from backoffice.erasing import erase_everywhere
from core.errors import DomainError


class Command(BaseCommand):
    help = "Close somebody's account and erase what tells of them; proofs stay valid."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", type=UUID)
        parser.add_argument("--reason", required=True, help="kept for ever: do not name the person")

    def handle(self, *args: Any, user: UUID, reason: str, **_: Any) -> None:
        try:
            erased = erase_everywhere(user_id=user, reason=reason, now=timezone.now())
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(
            f"The account is closed; {erased.notifications} notifications are gone, and"
            f" {erased.records} records of the audit log no longer tell of this person."
        )
        if erased.wallet_is_kept:
            self.stdout.write("The wallet's address stays while it holds an NFT of ours.")
