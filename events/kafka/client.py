"""How this installation reaches Kafka: librdkafka's options, out of the settings."""

import logging
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from django.conf import settings

logger = logging.getLogger(__name__)

LARGEST_MESSAGE = 1_000_000  # bytes; a broker's own default limit is a little higher
DELIVERY_MS = 6_000  # below the lease of a group, which is 10 s
TRANSACTION_MS = 15_000
SAME_LINE_SECONDS = 30.0


class OncePerWhile(logging.Filter):
    """librdkafka logs each attempt to connect: 30 lines a second while Kafka is away.

    Lines that differ in numbers only are one line, and pass once in SAME_LINE_SECONDS.
    """

    def __init__(self) -> None:
        super().__init__()
        self._muted_until: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        line, now = re.sub(r"\d+", "", record.getMessage()), time.monotonic()
        if now < self._muted_until.get(line, 0.0):
            return False
        self._muted_until = {line: at for line, at in self._muted_until.items() if at > now}
        self._muted_until[line] = now + SAME_LINE_SECONDS
        return True


logger.addFilter(OncePerWhile())


def prefixed(name: str) -> str:
    """A topic, group or transaction of ours; the prefix keeps installations apart."""
    return f"{settings.KAFKA_PREFIX}{name}"


def _connection(who: str) -> dict[str, Any]:
    """`who` of us connects, in log lines."""
    options = {
        "bootstrap.servers": settings.KAFKA_BOOTSTRAP_SERVERS,
        "security.protocol": settings.KAFKA_SECURITY_PROTOCOL,
        "sasl.mechanism": settings.KAFKA_SASL_MECHANISM,
        "sasl.username": settings.KAFKA_SASL_USERNAME,
        "sasl.password": settings.KAFKA_SASL_PASSWORD,
        "ssl.ca.location": settings.KAFKA_CA_PATH,
        "client.id": settings.KAFKA_CLIENT_ID,
    }
    return {name: value for name, value in options.items() if value} | {
        "error_cb": partial(_on_error, who),
        "socket.timeout.ms": 5_000,
        "socket.connection.setup.timeout.ms": 5_000,
        "socket.keepalive.enable": True,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1_000,
    }


def address() -> str:
    """Where and how Kafka is asked, for messages to people."""
    return f"Kafka ({settings.KAFKA_SECURITY_PROTOCOL} at {settings.KAFKA_BOOTSTRAP_SERVERS})"


def _on_error(who: str, error: KafkaError) -> None:
    """Other errors are in librdkafka's own log lines already."""
    if says_nothing(error):
        logger.warning("%s for %s: %s", address(), who, error.str())


def says_nothing(error: KafkaError) -> bool:
    """Whether this is only the sum of errors that were told before."""
    return error.code() == KafkaError._ALL_BROKERS_DOWN


def _producer_options(who: str) -> dict[str, Any]:
    return _connection(who) | {
        "acks": "all",
        "enable.idempotence": True,
        # Longer requests while a batch is being put in; commit and flush do not wait for it.
        "linger.ms": 5,
        "compression.type": "lz4",
        "message.max.bytes": LARGEST_MESSAGE,
        "delivery.timeout.ms": DELIVERY_MS,
        "delivery.report.only.error": True,
        "partitioner": "murmur2_random",  # as in Java, so that keys meet across languages
    }


def new_producer(on_delivery: Any) -> Producer:
    """`on_delivery(error, message)` hears of failed messages only."""
    return Producer({**_producer_options("a producer"), "on_delivery": on_delivery}, logger=logger)


def new_transactional_producer(transaction: str, on_delivery: Any) -> Producer:
    """All producers of one `transaction` name exclude each other: the youngest fences the rest."""
    options = {
        "transactional.id": prefixed(transaction),
        "transaction.timeout.ms": TRANSACTION_MS,
        "on_delivery": on_delivery,
    }
    return Producer({**_producer_options(transaction), **options}, logger=logger)


def new_consumer(group_id: str) -> Consumer:
    """Reads committed transactions only, from the beginning, and commits when told to."""
    return Consumer(
        _connection(group_id)
        | {
            "group.id": prefixed(group_id),
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": settings.KAFKA_SESSION_TIMEOUT_MS,
            "heartbeat.interval.ms": settings.KAFKA_SESSION_TIMEOUT_MS // 5,
            # Latency follows these: defaults would add half a second to every event.
            "fetch.wait.max.ms": 20,
            "fetch.error.backoff.ms": 20,
            "fetch.queue.backoff.ms": 20,
            "topic.metadata.refresh.interval.ms": 10_000,
        },
        logger=logger,
    )


def new_admin(on_error: Callable[[KafkaError], None] | None = None) -> AdminClient:
    options = _connection("the administration")
    return AdminClient(options | ({"error_cb": on_error} if on_error else {}), logger=logger)


def cause(error: KafkaException) -> str:
    """Kafka's own words."""
    return str(error.args[0]) if error.args else "unknown error of Kafka"
