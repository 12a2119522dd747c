"""`manage.py reset_second_factor NAME`: for staff who lost their authenticator and the codes."""

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from accounts.models import User
from backoffice.second_factor import forget_second_factor

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Forget somebody's second factor; their next sign-in asks them to set up a new one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name, or the wallet's address, of one of the staff")

    def handle(self, *args: Any, name: str, **_: Any) -> None:
        """Check who asks before: until they set one up, their password alone lets somebody in."""
        found = User.objects.filter(Q(username=name) | Q(wallet_address=name), is_staff=True)
        user = found.first()
        if user is None:
            raise CommandError("Nobody of the staff has this name or wallet.")
        count = forget_second_factor(user=user)
        logger.warning("The second factor of user %s was reset", user.pk)
        self.stdout.write("Forgotten." if count else "There was none.")
