"""The group `kafka`: copies the log to Kafka, in its order, one transaction a batch.

The cursor moves after Kafka's commit. A crash between the two sends a batch again, with the
same event ids and before anything newer; our own groups notice, others should compare `ce_id`.
"""

import logging
import time
from collections import deque

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from events.groups import ConsumerGroup, LeadAnew
from events.kafka.client import cause, new_transactional_producer
from events.kafka.messages import messages_of
from events.models import Event, LeaseLost

logger = logging.getLogger(__name__)

GROUP = "kafka"
TRANSACTION = "bridge"
# Used in turn. Kafka answers a commit before it has written it to every partition, and refuses
# that producer's next transaction until it has; librdkafka then sleeps 20 ms. Measured at 1,000
# events/s: p99 of the acknowledgement 30 ms with one, 19 with two, 16 with three.
PRODUCERS = 3
BATCH = 1000
INIT_SECONDS = 6.0  # together with a batch below the lease of 10 s
COMMIT_SECONDS = 7.0
ABORT_SECONDS = 2.0
FENCED = (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH)
BLAMES_THE_MESSAGE = (
    KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE, KafkaError.INVALID_RECORD,
)  # fmt: skip


class Undeliverable(Exception):
    """Kafka refuses this message and always will."""


class Bridge:
    """Lives as long as its process; has producers while it leads the group.

    Their transactions follow one another, so the log's order is Kafka's.
    """

    def __init__(self) -> None:
        self._producers: deque[Producer] = deque()  # the one whose turn it is first
        self._refused: KafkaError | None = None

    def group(self) -> ConsumerGroup:
        return ConsumerGroup(
            GROUP, self.send, transactional=False, batch_size=BATCH,
            on_lead=self.lead, on_leave=self.close,
        )  # fmt: skip

    def lead(self) -> None:
        """Fence whoever led before, and end the transaction that it left open.

        The caller looks at its lease once more afterwards. Raises LeadAnew.
        """
        self.close()
        deadline = time.monotonic() + INIT_SECONDS
        for number in range(PRODUCERS):
            producer = new_transactional_producer(f"{TRANSACTION}-{number}", self._on_failure)
            self._producers.append(producer)
            try:
                producer.init_transactions(max(0.1, deadline - time.monotonic()))
            except KafkaException as error:
                producer.poll(0)  # lets librdkafka log why, as that the password is wrong
                self.close()
                raise LeadAnew(f"Kafka: {cause(error)}") from error

    def send(self, events: list[Event]) -> None:
        """Raises LeadAnew, LeaseLost (fenced), Undeliverable (this message, for ever)."""
        if not self._producers:
            raise LeadAnew("Kafka: no producer")
        producer = self._producers[0]
        self._producers.rotate(-1)
        self._refused = None
        # Before the transaction: an event that cannot be a message must not leave one open.
        messages = [message for event in events for message in messages_of(event)]
        try:
            producer.begin_transaction()
            for message in messages:
                producer.produce(
                    message.topic,
                    value=message.value, key=message.key, headers=message.headers,
                )  # fmt: skip
            producer.commit_transaction(COMMIT_SECONDS)
        except (KafkaException, BufferError) as error:
            self._fail(producer, error)

    def close(self) -> None:
        """Drop the producers without waiting for anything."""
        while self._producers:
            self._producers.pop().purge()

    def _fail(self, producer: Producer, error: Exception) -> None:
        fault = error.args[0] if isinstance(error, KafkaException) else None
        codes = {f.code() for f in (fault, self._refused) if f is not None}
        if codes & set(FENCED):
            self.close()
            raise LeaseLost(f"{GROUP}: {fault}") from error
        if codes & set(BLAMES_THE_MESSAGE) and self._aborted(producer):
            raise Undeliverable(str(self._refused or fault)) from error
        self._aborted(producer)
        self.close()
        raise LeadAnew(f"Kafka: {self._refused or error}") from error

    def _aborted(self, producer: Producer) -> bool:
        try:
            producer.abort_transaction(ABORT_SECONDS)
        except KafkaException as error:
            logger.info("Transaction left to Kafka's timeout: %s", cause(error))
            return False
        return True

    def _on_failure(self, error: KafkaError | None, _message: Message) -> None:
        # What is purged because of another failure is not the cause.
        if error is not None and error.code() not in (
            KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT,
        ):  # fmt: skip
            self._refused = self._refused or error
