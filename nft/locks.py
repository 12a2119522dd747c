"""`upgrade_lock:{user}`: the outermost of the layers against double starts.

Only an optimisation: it spares the database a doomed attempt. The unique indexes decide.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from core.errors import Conflict
from core.ids import uuid7
from core.redis import try_redis

SECONDS = 300
# A start holds it for one look at the chain (SOLANA_RPC_CALLER_SECONDS) and one transaction. Whoever
# has it for longer died, and the member would be refused for five minutes. One that is only slow
# loses it too: the unique indexes decide.
ABANDONED_AFTER_SECONDS = 5

# Takes the lock unless somebody took it a moment ago. (`ttl` of a free one is negative.)
TAKE = """
if redis.call('ttl', KEYS[1]) > tonumber(ARGV[3]) then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
# Deletes the lock only when it still holds our token.
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"


@contextmanager
def upgrade_lock(user_id: UUID) -> Iterator[None]:
    """Raises Conflict while another start of this user runs; without Redis it lets all pass."""
    name, token = f"upgrade_lock:{user_id}", str(uuid7())
    fresh = SECONDS - ABANDONED_AFTER_SECONDS
    if not try_redis(lambda r: r.eval(TAKE, 1, name, token, SECONDS, fresh), otherwise=True):
        raise Conflict("UPGRADE_IN_PROGRESS", "Another upgrade of yours is just being started.")
    try:
        yield
    finally:
        try_redis(lambda r: r.eval(RELEASE, 1, name, token), otherwise=None)
