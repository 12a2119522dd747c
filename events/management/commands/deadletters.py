"""`manage.py deadletters list|show|redrive|discard`: events that a group passed over."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.errors import DomainError
from events.dead_letters import Result, discard, redrive
from events.envelope import service_envelope
from events.events import rfc3339
from events.models import DeadLetter, Event


class Command(BaseCommand):
    help = "Look at events that a group could not handle, and decide about them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name in ("list", "show", "redrive", "discard"):
            action = actions.add_parser(name)
            if name != "list":
                action.add_argument("ids", nargs="*" if name == "redrive" else "+", type=int)
            if name in ("list", "redrive"):
                action.add_argument("--group", default="", help="all waiting letters of a group")
            if name == "list":
                action.add_argument("--all", action="store_true", help="discarded ones too")
            if name == "discard":
                action.add_argument("--reason", required=True)

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(options)
        except DomainError as error:
            raise CommandError(error.message) from error

    def _list(self, options: dict[str, Any]) -> None:
        letters = DeadLetter.objects.all() if options["all"] else DeadLetter.objects.waiting()
        if options["group"]:
            letters = letters.filter(group=options["group"])
        for letter in letters.order_by("group", "position"):
            fate = f" DISCARDED: {letter.discard_reason}" if letter.discarded_at else ""
            self.stdout.write(
                f"{letter.pk:>6} {letter.group:<28} {letter.position:>10} {letter.type:<28}"
                f" {rfc3339(letter.created_at)} {letter.error[:120]}{fate}"
            )

    def _show(self, options: dict[str, Any]) -> None:
        letters = DeadLetter.objects.in_bulk(options["ids"])
        for letter_id in options["ids"]:
            if letter_id not in letters:
                raise CommandError(f"No dead letter {letter_id}")
            letter = letters[letter_id]
            event = Event.objects.filter(event_id=letter.event_id).first()
            told = {
                "id": letter.pk, "group": letter.group, "position": letter.position,
                "error": letter.error, "event": service_envelope(event) if event else None,
            }  # fmt: skip
            self.stdout.write(json.dumps(told, indent=2))

    def _redrive(self, options: dict[str, Any]) -> None:
        if bool(options["ids"]) == bool(options["group"]):
            raise CommandError("Name letters, or a --group")
        ids = options["ids"] or list(
            DeadLetter.objects.waiting().filter(group=options["group"]).values_list("pk", flat=True)
        )
        outcomes = redrive(letter_ids=ids)
        for outcome in outcomes:
            self.stdout.write(f"{outcome.letter_id:>6} {outcome.result} {outcome.error}".rstrip())
        if any(outcome.result is Result.FAILED for outcome in outcomes):
            raise CommandError("Some failed again; they stay.")

    def _discard(self, options: dict[str, Any]) -> None:
        count = discard(letter_ids=options["ids"], reason=options["reason"], now=timezone.now())
        self.stdout.write(f"{count} discarded.")
