"""What server processes tell each other about streams. Hints: losing one breaks no promise."""

import asyncio
import json
import logging
from typing import Any
from uuid import UUID

import redis.asyncio as aioredis
from redis import RedisError

from core.ids import uuid7
from realtime.cancelling import heed_cancellation
from realtime.channels import control_channel
from realtime.limits import Limits
from realtime.wire import dump

logger = logging.getLogger(__name__)

WAITING_LIMIT = 1000


class Control:
    """Announces a user's opened streams, so that older ones end in the other processes.

    Exact for two processes; with more, a user may briefly keep a few streams too many.
    """

    def __init__(self, limits: Limits[Any], client: aioredis.Redis):
        self._limits = limits
        self._client = client
        self._process = str(uuid7())
        self._waiting: asyncio.Queue[str] = asyncio.Queue(WAITING_LIMIT)

    def announce(self, user_id: UUID) -> None:
        """Say how many streams the user now has here. Never blocks; a full queue drops it."""
        message = {
            "process": self._process,
            "userId": str(user_id),
            "open": self._limits.of_user(user_id),
        }
        if not self._waiting.full():
            self._waiting.put_nowait(dump(message))

    async def send(self) -> None:
        """Runs for ever."""
        while True:
            heed_cancellation()
            message = await self._waiting.get()
            try:
                await self._client.publish(control_channel(), message)
            except (RedisError, OSError) as error:
                logger.warning("An announcement was not sent: %s", type(error).__name__)

    def take(self, data: bytes) -> None:
        """Another process announced: end what is too many here."""
        try:
            message = json.loads(data)
            process, user_id = message["process"], UUID(message["userId"])
            elsewhere = int(message["open"])
        except (ValueError, KeyError, TypeError):
            logger.warning("An unreadable message on the control channel")
            return
        if process != self._process:
            self._limits.make_room(user_id, elsewhere=elsewhere)
