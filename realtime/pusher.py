"""The consumer group `realtime`: pushes the log to the server processes over Redis.

It reads, sends, then moves its cursor. When Redis is down the handler raises, the cursor stays
and the hubs read the log themselves.
"""

import logging
from collections.abc import Sequence

from redis import RedisError

from core.redis import redis_client
from events.models import Event
from realtime.channels import events_channel
from realtime.wire import encode_event, encode_head, from_row

logger = logging.getLogger(__name__)


def push(events: Sequence[Event]) -> None:
    """Publish each event, in order. Raises RedisError, and then the same batch comes again."""
    channel = events_channel()
    with redis_client().pipeline(transaction=False) as pipeline:
        for event in events:
            pipeline.publish(channel, encode_event(from_row(event)))
        pipeline.execute()


def push_head(position: int) -> None:
    """Tell every hub how far the log goes, so that each can see what it has missed.

    Never raises: that no head arrives is what tells a hub that it is deaf.
    """
    try:
        redis_client().publish(events_channel(), encode_head(position))
    except RedisError as error:
        logger.warning("The head was not pushed: %s", type(error).__name__)
