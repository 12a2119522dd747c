"""Telling Redis of the standings. Whatever it lost, or was not told, comes again by itself."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from analytics.models import BoardChange, Standing
from analytics.services.board_cache import Keeper, LostLock, edition, keeper, not_ready
from analytics.services.boards import BoardKey, running_boards

CHUNK = 2000
CHUNKS_A_TURN = 25
MAKING = ":making"
CLOCKS_DIFFER = timedelta(minutes=5)
# Those that did not change again meanwhile. One that just changes is left, and told once more: the
# readers of the log write these rows in an order of their own, and nobody shall wait for the other.
FORGET = """
DELETE FROM analytics_board_change AS c USING (
    SELECT c.board, c.user_id FROM analytics_board_change AS c
    JOIN unnest(%s::text[], %s::uuid[], %s::bigint[]) AS told (board, user_id, stamp)
        USING (board, user_id, stamp)
    FOR UPDATE OF c SKIP LOCKED) AS mine
WHERE c.board = mine.board AND c.user_id = mine.user_id
"""


def keep_boards(*, now: datetime) -> int:
    """Make the boards that Redis does not have, and write the changes; how many members' changes.

    Does nothing while another one is at it. Raises RedisError, and then it is all still to do.
    """
    with keeper() as found:
        if found is None:
            return 0
        try:
            for key in not_ready(found.client, running_boards(now), number=edition()):
                make_board(found, key)
            told, is_all = _tell_changes(found, now)
            if is_all:
                found.keep()
        except LostLock:
            return 0
    return told


def make_board(found: Keeper, key: BoardKey) -> None:
    """Beside the one that may be there. What changes meanwhile is among the changes."""
    number = edition()
    found.clear(key, suffix=MAKING)
    for rows in _chunks(key):
        found.write(key, rows, suffix=MAKING)
    found.put(key, suffix=MAKING, number=number)


def _chunks(key: BoardKey) -> Iterator[Sequence[Standing]]:
    """By user, because places change while we read."""
    own = Standing.objects.filter(board=key.board, period=key.period, start=key.start)
    rows, after = own.order_by("user_id"), UUID(int=0)
    while chunk := list(rows.filter(user_id__gt=after)[:CHUNK]):
        yield [row for row in chunk if row.minus < 0]
        after = chunk[-1].user_id


def _tell_changes(found: Keeper, now: datetime) -> tuple[int, bool]:
    """How many, and whether these were all."""
    told = 0
    for _ in range(CHUNKS_A_TURN):
        changes = list(BoardChange.objects.order_by("board", "user_id")[:CHUNK])
        if not changes:
            return told, True
        _write(found, changes, _boards_around(now))
        _forget(changes)
        told += len(changes)
    return told, False


def _boards_around(now: datetime) -> list[BoardKey]:
    """Also those that begin soon: another worker, whose clock is ahead, may have made them."""
    return list(dict.fromkeys(running_boards(now) + running_boards(now + CLOCKS_DIFFER)))


def _write(found: Keeper, changes: Sequence[BoardChange], keys: Sequence[BoardKey]) -> None:
    rows: dict[BoardKey, list[Standing]] = {key: [] for key in keys}
    standings = Standing.objects.filter(
        board__in={change.board for change in changes},
        start__in={key.start for key in keys},
        user_id__in={change.user_id for change in changes},
    )
    for row in standings:
        rows.get(BoardKey(row.board, row.period, row.start), []).append(row)
    for key, standings_on in rows.items():
        found.write(key, standings_on)


def _forget(changes: Sequence[BoardChange]) -> None:
    lines = [(change.board, change.user_id, change.stamp) for change in changes]
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [list(values) for values in zip(*lines, strict=True)])
