"""The process's one Redis subscription: connects, listens, reconnects."""

import asyncio
import logging
import random
import time
from collections.abc import Callable

import redis.asyncio as aioredis
from django.conf import settings
from redis import RedisError
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from realtime.cancelling import heed_cancellation
from realtime.channels import control_channel, events_channel
from realtime.hub import Hub
from realtime.wire import Unreadable, decode

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
    async with redis_connection() as client, client.pubsub() as pubsub:
        await pubsub.subscribe(events_channel(), control_channel())
        await _confirm(pubsub)
        hub.connected = True
        await hub.catch_up()
        try:
            async with asyncio.timeout(silence_seconds) as silence:
                await _take_all(hub, on_control, pubsub, silence, silence_seconds)
        except TimeoutError:
            logger.warning("Redis is connected and silent for %s s", silence_seconds)


async def _take_all(
    hub: Hub, on_control: OnControl, pubsub: PubSub, silence: asyncio.Timeout, seconds: float
) -> None:
    """Until `silence` runs out, which counts only the time in which we wait for Redis.

    One timer for the connection: a read with a limit costs redis-py twice as much.
    """
    loop = asyncio.get_running_loop()
    while True:
        kind, channel, data = await pubsub.parse_response(block=True)
        heed_cancellation()  # also the timer's own
        if kind == b"message":
            silence.reschedule(None)
            await _take(hub, on_control, channel, data)
        silence.reschedule(loop.time() + seconds)


def redis_connection() -> aioredis.Redis:
    """Without retries: a connection that redis-py mended in silence may have missed something."""
    return aioredis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


async def _confirm(pubsub: PubSub) -> None:
    """Wait until Redis has confirmed the subscription: only then nothing can slip by."""
    deadline = time.monotonic() + settings.REDIS_TIMEOUT_SECONDS
    confirmed = 0
    while confirmed < 2:
        if time.monotonic() > deadline:
            raise TimeoutError("Redis did not confirm the subscription")
        response = await pubsub.parse_response(block=False, timeout=settings.REDIS_TIMEOUT_SECONDS)
        if response is not None:
            confirmed += 1


async def _take(hub: Hub, on_control: OnControl, channel: bytes, data: bytes) -> None:
    if channel == control_channel().encode():
        on_control(data)
        return
    try:
        await hub.hear(decode(data))
    except Unreadable:
        logger.warning("An unreadable message on the events channel")
