"""Which partitions a member has taken, written down so that its successor sees how it ended."""

import logging
import os
import socket
from contextlib import AbstractContextManager

from confluent_kafka import Message
from django.db import Error

from core.ids import uuid7
from events.crash_marks import DEATHS, CrashMark, handled_alone
from events.faults import cause_of

logger = logging.getLogger(__name__)


class Custody:
    """Costs one row written when a partition comes, and one statement when partitions go."""

    def __init__(self, reader: str, *, window: int):
        """`window` is how many messages a member that died may have had in hand."""
        self._reader, self._window = reader, window
        self._owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid7()}"
        self._alone: dict[int, int] = {}  # partition -> messages to be handled alone
        self._going: list[int] = []

    def take(self, messages: list[Message]) -> bool:
        """Note the partitions that are new here; return whether to go one by one.

        So it is where several members in a row have ended at the same message.
        """
        for message in messages:
            partition, offset = place_of(message)
            if partition not in self._alone:
                deaths = CrashMark.objects.take(
                    self._reader, place=offset, partition=partition, owner=self._owner
                )
                if deaths >= DEATHS:
                    logger.error("%s goes one by one in [%d]", self._reader, partition)
                self._alone[partition] = self._window if deaths >= DEATHS else 0
        return any(self._is_alone(message) for message in messages)

    def marked(self, message: Message) -> AbstractContextManager[None]:
        """The mark of the one message that is handled in the block. Raises Deadly."""
        partition, offset = place_of(message)
        return handled_alone(self._reader, place=offset, partition=partition, owner=self._owner)

    def passed(self, message: Message) -> None:
        partition, _offset = place_of(message)
        self._alone[partition] = max(0, self._alone.get(partition, 0) - 1)

    def revoke(self, partitions: list[int]) -> None:
        """They go to another member; `settle()` writes it down, as Kafka waits for this."""
        self.lose(partitions)
        self._going += partitions

    def settle(self) -> None:
        """Let the revoked partitions go."""
        self._let_go(self._going)
        self._going = []

    def lose(self, partitions: list[int]) -> None:
        """They went to another member unasked, because this one was silent for too long."""
        for partition in partitions:
            self._alone.pop(partition, None)

    def end(self) -> None:
        """Let everything go; never raises."""
        try:
            self._let_go([*self._going, *self._alone])
        except Error as error:
            logger.warning("%s: marks left behind: %s", self._reader, cause_of(error))
        self._going, self._alone = [], {}

    def _is_alone(self, message: Message) -> bool:
        return self._alone.get(place_of(message)[0], 0) > 0

    def _let_go(self, partitions: list[int]) -> None:
        if partitions:
            CrashMark.objects.let_go(self._reader, partitions=partitions, owner=self._owner)


def place_of(message: Message) -> tuple[int, int]:
    """Partition and offset."""
    return message.partition() or 0, message.offset() or 0
