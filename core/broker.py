"""Celery's Redis transport, made to survive the loss of its connection."""

from typing import Any

from kombu.transport import redis as kombu_redis
from redis import ConnectionError as RedisConnectionError


class Channel(kombu_redis.Channel):
    """A worker that loses Redis gives its connection up, and then still returns and acknowledges
    messages over it. kombu 5.7 fails there with an AttributeError, which ends the worker; this
    is the error that it expects, logs and gets over. The rows say what is unfinished.
    """

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection.client is None:
            raise RedisConnectionError("This connection to the broker was given up.")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]


class Transport(kombu_redis.Transport):
    Channel = Channel
