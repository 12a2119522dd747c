"""Which bus a group reads: the log itself, or Kafka where it is configured."""

import threading
from typing import Protocol

from django.conf import settings

from events import watch
from events.consumer import Consumer
from events.groups import ConsumerGroup, group_named, group_names
from events.kafka.group import kafka_reader
from events.kafka.inbound import inbound_named, inbound_names, inbound_reader


class Reader(watch.Reader, Protocol):
    def run(self, stop: threading.Event) -> None: ...


def reader_names() -> list[str]:
    """What `consume` can run here; inbound topics need Kafka."""
    topics = inbound_names() if settings.KAFKA_BOOTSTRAP_SERVERS else []
    return sorted([*group_names(), *topics])


def reader_of(name: str) -> Reader:
    """The loop behind a name of `consume`: a group, or an inbound topic. Raises KeyError."""
    if name in inbound_names():
        return inbound_reader(inbound_named(name))
    return group_reader(group_named(name))


def group_reader(group: ConsumerGroup) -> Reader:
    """Groups that send to the outside, as `realtime` and the bridge, always read the log."""
    if settings.KAFKA_BOOTSTRAP_SERVERS and group.transactional:
        return kafka_reader(group)
    return Consumer(group)
