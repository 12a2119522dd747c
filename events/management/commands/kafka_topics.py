"""`manage.py kafka_topics`: make the topics, and say what is not as planned."""

from argparse import ArgumentParser
from typing import Any

from confluent_kafka import KafkaException
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from events.kafka.client import address, cause
from events.kafka.topics import ensure_topics


class Command(BaseCommand):
    help = "Create the missing Kafka topics. Fails on drift, which it never repairs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="create nothing")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if not settings.KAFKA_BOOTSTRAP_SERVERS:
            raise CommandError("KAFKA_BOOTSTRAP_SERVERS is not set")
        try:
            report = ensure_topics(create=not check)
        except KafkaException as error:
            raise CommandError(f"{address()}: {cause(error)}") from error
        for name in report.created:
            self.stdout.write(f"created {name}")
        self.stdout.write(f"{len(report.created)} created, {len(report.present)} were there")
        if report.drift:
            raise CommandError("Not as planned:\n" + "\n".join(report.drift))
