"""The process's one Redis subscription: connects, listens, reconnects."""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Any

import redis.asyncio as aioredis
from django.conf import settings
from redis import RedisError
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from realtime.cancelling import heed_cancellation
from realtime.channels import control_channel, events_channel
from realtime.ear import Ear, Take, socket_of
from realtime.hub import Hub
from realtime.wire import FeedEvent, Head, Unreadable, decode

logger = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 5.0

OnControl = Callable[[bytes], None]


async def listen(hub: Hub, on_control: OnControl, *, silence_seconds: float) -> None:
    """Runs for ever. A connection that is silent for `silence_seconds` is made anew."""
    pause = 0.1
    while True:
        heed_cancellation()
        started = time.monotonic()
        try:
            await _listen_once(hub, on_control, silence_seconds)
        except (RedisError, OSError) as error:
            logger.warning("Redis is not heard: %s", type(error).__name__)
        finally:
            hub.connected = False
        lasted = time.monotonic() - started
        pause = 0.1 if lasted > LONGEST_PAUSE_SECONDS else min(pause * 2, LONGEST_PAUSE_SECONDS)
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter


async def _listen_once(hub: Hub, on_control: OnControl, silence_seconds: float) -> None:
    """Raises RedisError or OSError when the connection fails; returns when it is silent."""
    async with redis_connection() as client:
        pool: Any = client.connection_pool
        connection = await pool.get_connection()
        try:
            ear = Ear(socket_of(connection), _taker(hub, on_control))
            await _confirm(ear)
            hub.connected = True
            await hub.catch_up()
            await _follow(hub, ear, silence_seconds)
        finally:
            await connection.disconnect()


async def _confirm(ear: Ear) -> None:
    """Wait until Redis has confirmed the subscription: only then nothing can slip by."""
    channels = (events_channel(), control_channel())
    ear.subscribe(*channels)
    while ear.subscribed < len(channels):
        if not await ear.news(silence_seconds=settings.REDIS_TIMEOUT_SECONDS) or ear.is_lost:
            raise TimeoutError("Redis did not confirm the subscription")


async def _follow(hub: Hub, ear: Ear, silence_seconds: float) -> None:
    """What is late is what the hub has to read the log for, and whatever came meanwhile."""
    while await ear.news(silence_seconds=silence_seconds):
        if ear.is_lost:
            raise ConnectionError("Redis has closed the connection")
        while ear.late:
            if message := _decode(ear.late[0]):
                await hub.hear(message)
            ear.late.popleft()
    logger.warning("Redis is connected and silent for %s s", silence_seconds)


def redis_connection() -> aioredis.Redis:
    """Without retries: a connection that redis-py mended in silence may have missed something."""
    return aioredis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _taker(hub: Hub, on_control: OnControl) -> Take:
    """Takes each message at once, but for an event that the hub cannot dispatch yet."""
    control = control_channel().encode()

    def take(channel: bytes, data: bytes) -> bool:
        if channel == control:
            on_control(data)
            return True
        message = _decode(data)
        return message is None or hub.hear_at_once(message)

    return take


def _decode(data: bytes) -> FeedEvent | Head | None:
    try:
        return decode(data)
    except Unreadable:
        logger.warning("An unreadable message on the events channel")
        return None
