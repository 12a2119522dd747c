"""The topics of this installation, and making them.

Partitions cannot be changed afterwards without breaking the order per key: what differs from
the plan is reported, never repaired.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from django.conf import settings

from events.kafka.client import LARGEST_MESSAGE, new_admin, prefixed, says_nothing
from events.kafka.inbound import inbounds
from events.kafka.messages import EVENT_LOG

PARTITIONS = {
    EVENT_LOG: 6,
    "nft-operations-topic": 3,
    "user-nft-events-topic": 5,
    "nft-notifications-topic": 3,
    "nft-analytics-topic": 2,
    "nft-upgrade-initiated": 3,
    "nft-burn-confirmed": 3,
    "nft-upgrade-completed": 3,
    "nft-upgrade-failed": 3,
}
DEAD_LETTER_PARTITIONS = 1
TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True)
class TopicReport:
    """`drift` is a sentence for each topic that is not as planned."""

    created: list[str]
    present: list[str]
    drift: list[str]


def planned_topics() -> dict[str, int]:
    """Names without the installation's prefix, and their partitions."""
    own = PARTITIONS | {inbound.topic: inbound.partitions for inbound in inbounds()}
    return own | {f"{topic}.dlq": DEAD_LETTER_PARTITIONS for topic in own}


def ensure_topics(plan: Mapping[str, int] | None = None, *, create: bool = True) -> TopicReport:
    """Make what is missing. Raises KafkaException when Kafka does not answer."""
    wanted = {prefixed(name): count for name, count in (plan or planned_topics()).items()}
    heard: list[KafkaError] = []
    admin = new_admin(heard.append)
    found = _topics_of(admin, heard)
    missing = sorted(wanted.keys() - found.keys())
    drift = [
        f"{name} has {len(found[name].partitions)} partitions instead of {count}"
        for name, count in sorted(wanted.items())
        if name in found and len(found[name].partitions) != count
    ]
    if create:
        _create(admin, {name: wanted[name] for name in missing})
    else:
        drift += [f"{name} does not exist" for name in missing]
    return TopicReport(
        created=missing if create else [],
        present=sorted(wanted.keys() & found.keys()),
        drift=drift,
    )


def _topics_of(admin: AdminClient, heard: list[KafkaError]) -> Mapping[str, Any]:
    try:
        return admin.list_topics(timeout=TIMEOUT_SECONDS).topics
    except KafkaException as error:
        admin.poll(0)  # why nobody answers, as a wrong password, is told beside the call
        reasons = [reason for reason in heard if not says_nothing(reason)]
        if not reasons:
            raise
        raise KafkaException(reasons[0]) from error


def _create(admin: AdminClient, wanted: Mapping[str, int]) -> None:
    if not wanted:
        return
    futures = admin.create_topics(
        [_new_topic(name, count) for name, count in wanted.items()],
        operation_timeout=TIMEOUT_SECONDS, request_timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    for future in futures.values():
        try:
            future.result(timeout=2 * TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def _new_topic(name: str, partitions: int) -> NewTopic:
    # Room for what a message carries besides its value.
    config = {"max.message.bytes": str(LARGEST_MESSAGE + 100_000)}
    # A group that starts later must find every event, and an operator every dead letter.
    if name == prefixed(EVENT_LOG) or name.endswith(".dlq"):
        config["retention.ms"] = "-1"
    return NewTopic(
        name,
        num_partitions=partitions,
        replication_factor=settings.KAFKA_REPLICATION_FACTOR,
        config=config,
    )


def delete_topics(names: Iterable[str]) -> None:
    """For tests."""
    admin = new_admin()
    for future in admin.delete_topics([prefixed(name) for name in names]).values():
        future.result(timeout=TIMEOUT_SECONDS)
