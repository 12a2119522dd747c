"""Reading the leaderboards out of Postgres, which is right at any time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from accounts.models import User
from analytics.models import Board, Period, Standing, period_start
from analytics.models.boards import StandingQuerySet


@dataclass(frozen=True)
class BoardKey:
    """One leaderboard: `board` and `period` by name, `start` the first day of the period."""

    board: str
    period: str
    start: date

    def standings(self) -> StandingQuerySet:
        return Standing.objects.all().on(self.board, self.period, self.start)


@dataclass(frozen=True)
class Entry:
    """`position` is the place in the log that breaks ties; `rank` begins with 1."""

    rank: int
    user_id: UUID
    score: int
    position: int


@dataclass(frozen=True)
class Place:
    """A member on a board: no rank without a score. `entries` are those around, and the member."""

    rank: int | None
    score: int
    members: int
    entries: list[Entry]


def running_boards(now: datetime) -> list[BoardKey]:
    """Those of the running day, week and month, and of all time."""
    return [
        BoardKey(board.value, period.value, period_start(period, now))
        for board in Board
        for period in Period
    ]


def page_of(key: BoardKey, *, after: Entry | None, limit: int) -> list[Entry]:
    """The entries behind `after`, or from the top. Ranks go on from its rank."""
    rows = key.standings()
    if after is not None:
        rows = rows.behind(-after.score, after.position)
    return _entries(rows[:limit], first_rank=after.rank + 1 if after is not None else 1)


def place_of(key: BoardKey, *, user_id: UUID, around: int) -> Place:
    """`around` entries on each side. It counts everybody ahead: slow for many."""
    rows = key.standings()
    own = rows.filter(user_id=user_id).first()
    members = rows.count()
    if own is None:
        return Place(None, 0, members, [])
    ahead = rows.ahead_of(own.minus, own.position)
    before = list(ahead.reverse()[:around])[::-1]
    behind = rows.behind(own.minus, own.position)[:around]
    rank = ahead.count() + 1
    entries = _entries([*before, own, *behind], first_rank=rank - len(before))
    return Place(rank, own.score, members, entries)


def _entries(rows: Iterable[Standing], *, first_rank: int) -> list[Entry]:
    return [
        Entry(rank, row.user_id, row.score, row.position)
        for rank, row in enumerate(rows, first_rank)
    ]


def short_names(user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Wallet addresses, shortened: a leaderboard says who somebody is to those who know.

    An account that is closed has none, also where its wallet is kept for an NFT of ours.
    """
    people = User.objects.filter(id__in=list(user_ids), is_active=True)
    wallets = people.values_list("id", "wallet_address")
    return {user_id: f"{wallet[:4]}…{wallet[-4:]}" for user_id, wallet in wallets if wallet}
