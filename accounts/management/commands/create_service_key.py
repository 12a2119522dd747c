"""`manage.py create_service_key NAME --scope trades:write`: prints the key, once."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models.keys import Scope
from accounts.services import create_service_key
from core.errors import DomainError


class Command(BaseCommand):
    help = "Create an API key for another service and print it. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--scope", action="append", required=True, choices=Scope.values, dest="scopes"
        )
        parser.add_argument("--days", type=int, help="days until it expires; never by default")

    def handle(self, *args: Any, name: str, scopes: list[str], days: int | None, **_: Any) -> None:
        now = timezone.now()
        expires_at = now + timedelta(days=days) if days else None
        try:
            _key, readable = create_service_key(
                name=name, scopes=scopes, expires_at=expires_at, now=now
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(readable)
