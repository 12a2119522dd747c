"""What every measure works with."""

import os
import time
from dataclasses import dataclass

from django.conf import settings

from bench.events.plan import Plan
from bench.helpers import Helper
from bench.stand import BenchFailed, Stand
from events.kafka.topics import ensure_topics
from events.models import Event, GroupCursor

LOG_ONLY = {"KAFKA_BOOTSTRAP_SERVERS": ""}  # the environment of who reads no Kafka
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Run:
    """A sequencer is at work all the time. `hands` are one more than the plan's writers."""

    stand: Stand
    plan: Plan
    hands: list[Helper]

    def fresh_topics(self, prefix: str) -> None:
        """Make the topics; from now on all processes of this run use them."""
        os.environ["KAFKA_PREFIX"] = prefix  # for those that are started later
        _use_topics(prefix)
        for used in [hand.begin(_use_topics, prefix) for hand in self.hands]:
            used.result(PATIENCE_SECONDS)
        ensure_topics()


def _use_topics(prefix: str) -> None:
    settings.KAFKA_PREFIX = prefix


def head() -> int:
    return Event.objects.all().head_position()


def wait_until_numbered() -> None:
    """Raises BenchFailed when the sequencer takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while Event.objects.filter(position__isnull=True).exists():
        if time.monotonic() > deadline:
            raise BenchFailed("The sequencer did not number everything.")
        time.sleep(0.05)


def skip_to_head(group: str) -> None:
    """Past whatever earlier measures wrote, so that observers see only their own events."""
    wait_until_numbered()
    put_at(group, head())


def put_at(group: str, position: int) -> None:
    """For a group that nobody reads for."""
    GroupCursor.objects.update_or_create(name=group, defaults={"position": position})
