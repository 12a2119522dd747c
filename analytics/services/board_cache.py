"""The running leaderboards in Redis, which finds a rank among a million at once.

A board is a sorted set and a hash. The set's members are the tie-breaking position (8 bytes, big
endian) and the user (16 bytes), its scores are negative, so that its order is the board's. The
hash leads from a user to that member. Redis may forget any key at any time: a board is believed
only while its hash says that it is ready for this edition of the read model, the sizes of both
agree, and whoever keeps it has been there in the last seconds.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import redis
from django.db import connection

from analytics.models import Edition, Standing
from analytics.services.boards import BoardKey, Entry, Place, place_of, running_boards
from core.ids import uuid7
from core.redis import redis_client, try_redis

LOCK = "analytics:{boards}:keeper"
ALIVE = "analytics:{boards}:kept"
LOCK_MS, ALIVE_MS = 20_000, 10_000
KEPT = {"day": timedelta(days=2), "week": timedelta(days=9), "month": timedelta(days=33)}
READY = b"ready"

# Nobody writes without the lock: one who froze and lost it changes nothing when it wakes up.
WRITE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
for i = 3, #ARGV, 3 do
  local old = redis.call('HGET', KEYS[3], ARGV[i])
  if old then redis.call('ZREM', KEYS[2], old) end
  if ARGV[i + 2] == '' then
    redis.call('HDEL', KEYS[3], ARGV[i])
  else
    redis.call('ZADD', KEYS[2], ARGV[i + 2], ARGV[i + 1])
    redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
  end
end
return 1
"""
# A board made anew takes the old one's place in one step.
PUT = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2], KEYS[3])
if redis.call('EXISTS', KEYS[4]) == 1 then redis.call('RENAME', KEYS[4], KEYS[2]) end
redis.call('HSET', KEYS[5], 'ready', ARGV[2])
redis.call('RENAME', KEYS[5], KEYS[3])
if ARGV[3] ~= '0' then
  redis.call('EXPIRE', KEYS[2], ARGV[3])
  redis.call('EXPIRE', KEYS[3], ARGV[3])
end
return 1
"""
KEEP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return 1
"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"
ARE_READY = """
local found = {}
for i = 1, #KEYS, 2 do
  local ready = redis.call('HGET', KEYS[i + 1], 'ready') == ARGV[1]
  local whole = redis.call('ZCARD', KEYS[i]) == redis.call('HLEN', KEYS[i + 1]) - 1
  found[#found + 1] = (ready and whole) and 1 or 0
end
return found
"""
FIND = """
if redis.call('EXISTS', KEYS[3]) == 0 then return false end
if redis.call('HGET', KEYS[2], 'ready') ~= ARGV[1] then return false end
local size = redis.call('ZCARD', KEYS[1])
if size ~= redis.call('HLEN', KEYS[2]) - 1 then return false end
local member = redis.call('HGET', KEYS[2], ARGV[2])
if not member then return {size} end
local rank = redis.call('ZRANK', KEYS[1], member)
if not rank then return false end
local first = math.max(0, rank - ARGV[3])
return {size, rank, first, redis.call('ZRANGE', KEYS[1], first, rank + ARGV[3], 'WITHSCORES')}
"""


NEXT_EDITION = """
INSERT INTO analytics_edition AS e (id, number) VALUES (1, 2)
ON CONFLICT (id) DO UPDATE SET number = e.number + 1
"""


class LostLock(Exception):
    """Another keeper has taken over; what this one wanted to write is out of date."""


def edition() -> int:
    return Edition.objects.values_list("number", flat=True).first() or 1


def next_edition() -> None:
    """What Redis has is of an older making from now on."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_EDITION)


def names_of(key: BoardKey, suffix: str = "") -> tuple[str, str]:
    """Of the sorted set and the hash."""
    name = f"analytics:{{boards}}:{key.board}:{key.period}:{key.start:%Y%m%d}{suffix}"
    return name, f"{name}:of"


def look_up(key: BoardKey, *, user_id: UUID, around: int, now: datetime) -> Place:
    """By Redis, if it can be; it has the running boards only."""
    found = None
    if key in running_boards(now):
        found = find_place(key, user_id=user_id, around=around)
    return found or place_of(key, user_id=user_id, around=around)


def find_place(key: BoardKey, *, user_id: UUID, around: int) -> Place | None:
    """As `boards.place_of`; None when Redis does not know, or is not to be believed."""
    ranked, of = names_of(key)
    found = try_redis(
        lambda r: _eval(r, FIND, [ranked, of, ALIVE], [edition(), user_id.bytes, around]),
        otherwise=None,
    )
    if found is None:
        return None
    size, *rest = found
    if not rest:
        return Place(None, 0, size, [])
    rank, first, flat = rest
    entries = [
        _entry(first + 1 + number, member, score)
        for number, (member, score) in enumerate(zip(flat[::2], flat[1::2], strict=True))
    ]
    return Place(rank + 1, entries[rank - first].score, size, entries)


def _entry(rank: int, member: bytes, score: bytes | float) -> Entry:
    user_id, position = UUID(bytes=member[8:]), int.from_bytes(member[:8], "big")
    return Entry(rank, user_id, -int(float(score)), position)


def not_ready(client: redis.Redis, keys: Sequence[BoardKey], *, number: int) -> list[BoardKey]:
    """Those that have to be made for this edition."""
    names = [name for key in keys for name in names_of(key)]
    found = _eval(client, ARE_READY, names, [number])
    return [key for key, is_ready in zip(keys, found, strict=True) if not is_ready]


def is_kept() -> bool:
    """Whether a keeper told Redis of everything in the last seconds."""
    return try_redis(lambda r: bool(r.exists(ALIVE)), otherwise=False)


def everybody(client: redis.Redis, key: BoardKey) -> dict[UUID, tuple[int, int]] | None:
    """Score and position of all; None while there is no board that is believed."""
    if not_ready(client, [key], number=edition()):
        return None
    found: Any = client.zrange(names_of(key)[0], 0, -1, withscores=True)
    entries = [_entry(0, member, score) for member, score in found]
    return {entry.user_id: (entry.score, entry.position) for entry in entries}


@dataclass(frozen=True)
class Keeper:
    """The only one that writes the boards, as long as the lock is its own."""

    client: redis.Redis
    token: str

    def write(self, key: BoardKey, rows: Iterable[Standing], *, suffix: str = "") -> None:
        """The standings as they are now; one without a score leaves the board. Raises LostLock."""
        lines = [part for row in rows for part in _line(row)]
        if lines:
            self._do(WRITE, names_of(key, suffix), LOCK_MS, *lines)

    def clear(self, key: BoardKey, *, suffix: str) -> None:
        self.client.delete(*names_of(key, suffix))

    def put(self, key: BoardKey, *, suffix: str, number: int) -> None:
        """The board that was written under the suffix becomes the board. Raises LostLock."""
        kept = KEPT.get(key.period)
        seconds = int(kept.total_seconds()) if kept else 0
        self._do(PUT, (*names_of(key), *names_of(key, suffix)), number, seconds)

    def keep(self) -> None:
        """Everything that was known is written. Raises LostLock."""
        self._do(KEEP, (ALIVE,), ALIVE_MS)

    def _do(self, script: str, names: tuple[str, ...], *arguments: Any) -> None:
        if not _eval(self.client, script, [LOCK, *names], [self.token, *arguments]):
            raise LostLock


def _line(row: Standing) -> tuple[bytes, bytes, int | str]:
    member = row.position.to_bytes(8, "big") + row.user_id.bytes
    return row.user_id.bytes, member, row.minus if row.minus < 0 else ""


@contextmanager
def keeper() -> Iterator[Keeper | None]:
    """None while another one is at work. Raises RedisError."""
    client, token = redis_client(), str(uuid7())
    if not client.set(LOCK, token, nx=True, px=LOCK_MS):
        yield None
        return
    try:
        yield Keeper(client, token)
    finally:
        try_redis(lambda r: r.eval(RELEASE, 1, LOCK, token), otherwise=None)


def _eval(client: redis.Redis, script: str, names: list[str], arguments: list[Any]) -> Any:
    return client.eval(script, len(names), *names, *arguments)
