"""`manage.py asyncapi`: prints the AsyncAPI document of our events."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from events.asyncapi import asyncapi_document


class Command(BaseCommand):
    help = "Print the AsyncAPI 3.0 document, which is also at /api/asyncapi.json."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(asyncapi_document(), indent=2))
