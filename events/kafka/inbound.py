"""Topics that others write and we read. Apps register theirs in `AppConfig.ready()`."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from confluent_kafka import Message

from events.consumer import POISON_ATTEMPTS
from events.faults import cause_of
from events.groups import is_outside
from events.kafka.dead import Refusal
from events.kafka.letters import LetterBox
from events.kafka.reader import TopicReader
from events.notify import backoff

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inbound:
    """`record` commits what the bodies say, with one effect however often it gets them.

    It answers for each body, in order: None, or the reason why it cannot be used.
    `schema` is the JSON Schema of a body, for the writers: what it accepts has a form that
    `record` can read. More dead letters than the limit stop the reader, as they stop a group.
    """

    name: str
    topic: str
    group_id: str
    record: Callable[[list[bytes | None]], list[str | None]]
    _: KW_ONLY
    schema: Mapping[str, Any] = field(default_factory=dict)
    partitions: int = 3
    batch_size: int = 500
    dead_letter_limit: int = 100


_inbounds: dict[str, Inbound] = {}


def register_inbound(inbound: Inbound) -> None:
    _inbounds[inbound.name] = inbound


def inbounds() -> list[Inbound]:
    return [_inbounds[name] for name in sorted(_inbounds)]


def inbound_names() -> list[str]:
    return sorted(_inbounds)


def inbound_named(name: str) -> Inbound:
    """Raises KeyError."""
    return _inbounds[name]


def inbound_reader(inbound: Inbound) -> TopicReader:
    work = InboundWork(inbound)
    return TopicReader(
        inbound.name,
        topic=inbound.topic,
        group_id=inbound.group_id,
        work=work,
        note=work.note,
        batch_size=inbound.batch_size,
    )


class InboundWork:
    def __init__(self, inbound: Inbound):
        self._inbound = inbound
        self._letters = LetterBox(inbound.name, limit=inbound.dead_letter_limit)

    def __call__(self, messages: list[Message]) -> None:
        """Raises StandBy, or one of TRANSIENT."""
        self._letters.check()
        for done, (message, reason) in enumerate(
            zip(messages, self._reasons(messages), strict=True)
        ):
            if reason is not None:
                self._letters.put(Refusal(message, reason), done=done)

    def note(self) -> None:
        """Say that somebody reads."""
        self._letters.note_turn()

    def condemn(self, message: Message, reason: str) -> None:
        """Pass over a message that nobody can handle. Raises StandBy, or TryAgain."""
        self._letters.put(Refusal(message, reason), done=0)

    def _reasons(self, messages: list[Message]) -> list[str | None]:
        try:
            return self._inbound.record([message.value() for message in messages])
        except Exception as error:
            if is_outside(error):
                raise
            if len(messages) == 1:
                return [self._at_last(messages[0])]
            logger.warning("%s goes one by one", self._inbound.name, exc_info=True)
        return [reason for message in messages for reason in self._reasons([message])]

    def _at_last(self, message: Message) -> str | None:
        """The answer for a message that has failed once; an error becomes the reason."""
        for attempt in range(1, POISON_ATTEMPTS):
            time.sleep(backoff(attempt))
            try:
                return self._inbound.record([message.value()])[0]
            except Exception as error:
                if is_outside(error):
                    raise
                logger.exception("%s cannot use a message", self._inbound.name)
                reason = cause_of(error)
        return reason
