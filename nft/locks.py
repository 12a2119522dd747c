"""`upgrade_lock:{user}`: the outermost of the layers against double starts.

Only an optimisation: it spares the database a doomed attempt. The unique indexes decide.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from redis import Redis

from core.errors import Conflict
from core.ids import time_of, uuid7
from core.redis import try_redis

SECONDS = 300
# Longer than any start takes. A process that dies in a start leaves its lock behind, and nobody
# shall wait for the end of that: from this age on the next start takes the lock over.
LONGEST_START = timedelta(seconds=15)

# Delete, or replace, the lock only while it still holds the token that we know.
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"
REPLACE = """
if redis.call('get', KEYS[1]) == ARGV[1] then
    return redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3])
end
"""


@contextmanager
def upgrade_lock(user_id: UUID) -> Iterator[None]:
    """Raises Conflict while another start of this user runs; without Redis it lets all pass."""
    name, token = f"upgrade_lock:{user_id}", uuid7()
    if not try_redis(lambda r: _take(r, name, token), otherwise=True):
        raise Conflict("UPGRADE_IN_PROGRESS", "Another upgrade of yours is just being started.")
    try:
        yield
    finally:
        try_redis(lambda r: r.eval(RELEASE, 1, name, str(token)), otherwise=None)


def _take(client: Redis, name: str, token: UUID) -> bool:
    if client.set(name, str(token), nx=True, ex=SECONDS):
        return True
    held = client.get(name)
    if held is None or time_of(token) - time_of(UUID(held.decode())) < LONGEST_START:
        return False
    return bool(client.eval(REPLACE, 1, name, held, str(token), SECONDS))
