"""`manage.py document_events`: writes the part of docs/events.md that the schemas say."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from events.reference import renewed


class Command(BaseCommand):
    help = "Renew the event types in docs/events.md from events/schemas/."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **_: Any) -> None:
        page = Path(settings.BASE_DIR, "docs", "events.md")
        page.write_text(renewed(page.read_text()))
