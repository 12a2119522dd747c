"""What server processes tell each other about streams. Hints: losing one breaks no promise.

Messages that wait go out together, with how many streams their sender holds and how old the
oldest is. One of them is:

- `opened`: a user opened a stream; with the user's streams in that process. Each process that
  has some of the same user answers `holding`. So all of them see the same list, however many
  they are, and each ends those of its own that are not among the newest.
- `evict`: the process named holds the oldest stream of a deployment that is full.
- `asked`, `answered`: `realtime.admission`, where a user's stream too many is refused.
- `totals`: nothing beyond the numbers.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import redis.asyncio as aioredis
from redis import RedisError

from core.ids import uuid7
from realtime.admission import Admission
from realtime.cancelling import heed_cancellation
from realtime.channels import control_channel
from realtime.limits import Entry, Limits
from realtime.wire import dump

logger = logging.getLogger(__name__)

Message = dict[str, Any]

WAITING_LIMIT = 10_000
MESSAGES_A_ROUND = 200
EVICTIONS_AN_OPENING = 10
TOTALS_WHEN_CHANGED_SECONDS = 0.2
TOTALS_EVERY_SECONDS = 2.0


class Control:
    """Tells the other processes about this one's streams, and does what they tell.

    `answers_within`: how many seconds a new stream waits for their answers, where it has to.
    """

    def __init__(
        self, limits: Limits[Any], client: aioredis.Redis, *, answers_within: float = 1.0
    ) -> None:
        self.process = str(uuid7())
        self.admission = Admission(limits, self._publish, answers_within=answers_within)
        self._limits = limits
        self._client = client
        self._told: tuple[int, float | None] = (0, None)
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(WAITING_LIMIT)
        self._handlers: dict[str, Callable[[str, Message], None]] = {
            "opened": self._take_opened,
            "holding": self._take_holding,
            "evict": self._take_evict,
            "asked": self._take_asked,
            "answered": self._take_answered,
            "totals": lambda _process, _message: None,
        }

    def announce(self, user_id: UUID) -> None:
        """The user opened a stream here. Never blocks; a full queue drops it."""
        self._say("opened", userId=str(user_id), streams=self._limits.entries(user_id))
        for _ in range(min(self._limits.excess, EVICTIONS_AN_OPENING)):
            self._relieve()

    def tell_totals(self) -> None:
        """Say how many streams are open here, if that is news."""
        if (len(self._limits), self._limits.oldest) != self._told:
            self._say("totals")

    async def send(self) -> None:
        """Runs for ever."""
        while True:
            heed_cancellation()
            messages = [await self._waiting.get()]
            while len(messages) < MESSAGES_A_ROUND and not self._waiting.empty():
                messages.append(self._waiting.get_nowait())
            try:
                await self._publish_all(messages)
            except (RedisError, OSError) as error:
                logger.warning("Not sent to the others: %s", type(error).__name__)

    async def keep_totals(self) -> None:
        """Runs for ever: closings are told here, and that this process lives."""
        while True:
            for _ in range(int(TOTALS_EVERY_SECONDS / TOTALS_WHEN_CHANGED_SECONDS)):
                await asyncio.sleep(TOTALS_WHEN_CHANGED_SECONDS)
                self.tell_totals()
            self._say("totals")

    def take(self, data: bytes) -> None:
        """Do what the messages ask for; ours come back to us too."""
        try:
            told = json.loads(data)
            process = str(told["process"])
            if process != self.process:
                oldest = told["oldest"]
                self._limits.peers.hear(
                    process,
                    open_streams=int(told["open"]),
                    oldest=None if oldest is None else float(oldest),
                )
            for message in told["messages"]:
                self._handlers[message["type"]](process, message)
        except (ValueError, KeyError, TypeError):
            logger.warning("An unreadable message on the control channel")

    def _relieve(self) -> None:
        """The deployment is too full by one: its oldest stream ends."""
        process = self._limits.peers.older_than(self._limits.oldest)
        if process is None:
            self._limits.evict_oldest()
        else:
            self._limits.peers.count_evicted(process)
            self._say("evict", whom=process)

    def _take_opened(self, process: str, message: Message) -> None:
        user_id = UUID(message["userId"])
        self._limits.hear_call(user_id)
        if process == self.process:
            return
        self._limits.hear(user_id, process, _entries(message["streams"]))
        if mine := self._limits.entries(user_id):
            self._say("holding", userId=str(user_id), streams=mine)

    def _take_holding(self, process: str, message: Message) -> None:
        if process != self.process:
            self._limits.hear(UUID(message["userId"]), process, _entries(message["streams"]))

    def _take_evict(self, _process: str, message: Message) -> None:
        if message["whom"] == self.process:
            self._limits.evict_oldest()

    def _take_asked(self, process: str, message: Message) -> None:
        if process != self.process:
            user_id = UUID(message["userId"])
            opening = self.admission.opening(user_id)
            count = self._limits.of_user(user_id)
            self._say("answered", call=message["call"], count=count, opening=opening)

    def _take_answered(self, process: str, message: Message) -> None:
        if process != self.process:
            opening = _entries(message["opening"])
            self.admission.answered(message["call"], count=int(message["count"]), opening=opening)

    def _say(self, kind: str, **more: Any) -> None:
        if not self._waiting.full():
            self._waiting.put_nowait({"type": kind, **more})

    async def _publish(self, kind: str, more: Message) -> int:
        return await self._publish_all([{"type": kind, **more}])

    async def _publish_all(self, messages: list[Message]) -> int:
        """At once; how many processes hear it. Raises RedisError or OSError."""
        self._told = (len(self._limits), self._limits.oldest)
        held = {"process": self.process, "open": self._told[0], "oldest": self._told[1]}
        told = dump({**held, "messages": messages})
        return int(await self._client.publish(control_channel(), told))


def _entries(found: list[Any]) -> list[Entry]:
    return [(float(opened), str(stream_id)) for opened, stream_id in found]
