"""The names of our Redis channels, and of the one key.

Channels ignore Redis database numbers, so the number is in the name: two sites that share a
server must not hear each other.
"""

from functools import cache

from core.redis import redis_client


@cache
def events_channel() -> str:
    return f"aiw3:{_database_number()}:events"


@cache
def control_channel() -> str:
    """Between server processes: a user opened a stream elsewhere."""
    return f"aiw3:{_database_number()}:streams"


@cache
def reports_key() -> str:
    """A hash: each server process's last report about its streams."""
    return f"aiw3:{_database_number()}:streams:reports"


def _database_number() -> int:
    return int(redis_client().connection_pool.connection_kwargs.get("db", 0))
