"""Messages that cannot be used go to the topic's `.dlq`, as they came, with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from events.faults import printable
from events.groups import TryAgain
from events.kafka.client import LARGEST_MESSAGE, new_producer
from events.kafka.messages import Received

FLUSH_SECONDS = 8.0
REASON_BYTES = 500
HEADER_BYTES = 100_000  # of the message's own; together they may be as large as a message


@dataclass(frozen=True)
class Refusal:
    message: Received
    reason: str


class DeadLetterTopic:
    """Writes to the `.dlq` beside the topic that a message came from."""

    def __init__(self, reader: str):
        self._reader = reader
        self._producer: Producer | None = None
        self._failure: KafkaError | None = None

    def put(self, refusals: Iterable[Refusal]) -> None:
        """Returns when Kafka has them all. Raises TryAgain; then some may be there already."""
        producer = self._producer = self._producer or new_producer(self._on_failure)
        self._failure = None
        try:
            for refusal in refusals:
                _produce(producer, refusal, self._reader)
            left = producer.flush(FLUSH_SECONDS)
        except (KafkaException, BufferError) as error:
            self.close()
            raise TryAgain(f"no dead letter topic: {error}") from error
        if left or self._failure is not None:
            self.close()
            raise TryAgain(f"no dead letter topic: {self._failure or 'no answer'}")

    def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()

    def _on_failure(self, error: KafkaError | None, _message: Any) -> None:
        self._failure = error


def _produce(producer: Producer, refusal: Refusal, reader: str) -> None:
    message = refusal.message
    value, key = message.value() or b"", message.key()
    # A message that is too large to read is too large to copy: its beginning must do.
    cut = len(value) > LARGEST_MESSAGE // 2
    headers = [
        *_own_headers(message),
        ("dlq_reason", printable(refusal.reason).encode()[:REASON_BYTES]),
        ("dlq_reader", reader),
        ("dlq_topic", message.topic()),
        ("dlq_partition", str(message.partition())),
        ("dlq_offset", str(message.offset())),
        ("dlq_truncated", "true" if cut else "false"),
    ]
    producer.produce(
        f"{message.topic()}.dlq",
        value=value[: LARGEST_MESSAGE // 2],
        key=key[:1000] if key else None,
        headers=headers,
    )


def _own_headers(message: Received) -> list[tuple[str, Any]]:
    """The first ones, as far as they leave room for the rest."""
    kept, room = [], HEADER_BYTES
    for name, value in (message.headers() or [])[:50]:
        room -= len(name) + len(value or b"")
        if room < 0:
            break
        kept.append((name, value))
    return kept
