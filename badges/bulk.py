"""Awarding many badges at once, from a CSV file with the columns `wallet` and `badge`."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.services import check_wallet_address, get_or_create_users
from badges.models import BadgeDefinition, EarnedBadge
from badges.services import award_badge
from core.errors import InvalidInput

COLUMNS = ("wallet", "badge")
MOST_LINES = 2000
MOST_BYTES = 512 * 1024

Pair = tuple[str, str]  # wallet address, badge slug


@dataclass(frozen=True)
class Line:
    """`number` as an editor counts. `fault` says what is wrong with it, empty when nothing.

    `held_as` is the status of the badge that the wallet has had already, else empty.
    """

    number: int
    wallet: str
    badge: str
    fault: str = ""
    held_as: str = ""


@dataclass(frozen=True)
class BulkAward:
    """What became of a file; `is_done` only when every line was right and it was no dry run."""

    lines: Sequence[Line]
    is_done: bool

    @property
    def faulty(self) -> list[Line]:
        return [line for line in self.lines if line.fault]

    @property
    def new(self) -> list[Line]:
        return [line for line in self.lines if not (line.fault or line.held_as)]


@transaction.atomic
def award_from_csv(*, content: bytes, now: datetime, source: str, dry_run: bool) -> BulkAward:
    """Award every line or, when one of them is wrong, none. A badge that is held stays as it is.

    Unknown wallets become users. Raises InvalidInput for a file that is no such CSV at all.
    """
    lines = _checked(list(_read(content)))
    award = BulkAward(lines, is_done=not dry_run and not any(line.fault for line in lines))
    if award.is_done:
        users = get_or_create_users(wallet_addresses={line.wallet for line in award.new})
        # In the order in which others lock them: by user and badge.
        for line in sorted(award.new, key=lambda line: (line.wallet, line.badge)):
            award_badge(user=users[line.wallet], slug=line.badge, now=now, source=source)
    return award


def _read(content: bytes) -> Iterable[Line]:
    if len(content) > MOST_BYTES:
        raise InvalidInput("INVALID_FILE", f"The file is larger than {MOST_BYTES // 1024} KB.")
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = [cell.strip().lower() for cell in next(reader, [])]
        if sorted(header) != sorted(COLUMNS):
            raise InvalidInput("INVALID_FILE", "The first line must be “wallet,badge”.")
        for cells in reader:
            if reader.line_num > MOST_LINES + 1:
                raise InvalidInput("INVALID_FILE", f"More than {MOST_LINES} lines.")
            if any(cell.strip() for cell in cells):
                yield _line(reader.line_num, header, [cell.strip() for cell in cells])
    except UnicodeDecodeError:
        raise InvalidInput("INVALID_FILE", "The file is not UTF-8 text.") from None
    except csv.Error as error:
        raise InvalidInput("INVALID_FILE", f"Line {reader.line_num}: {error}.") from None


def _line(number: int, header: Sequence[str], cells: Sequence[str]) -> Line:
    if len(cells) != len(header):
        return Line(number, ", ".join(cells)[:100], "", f"{len(cells)} cells instead of 2")
    named = dict(zip(header, cells, strict=True))
    return Line(number, named["wallet"][:100], named["badge"][:100])


def _checked(lines: Sequence[Line]) -> list[Line]:
    given = set(BadgeDefinition.objects.listed().values_list("slug", flat=True))
    held = _held(lines)
    first: dict[Pair, int] = {}
    return [line if line.fault else _check(line, given, held, first) for line in lines]


def _check(line: Line, given: set[str], held: Mapping[Pair, str], first: dict[Pair, int]) -> Line:
    pair = (line.wallet, line.badge)
    earlier = first.setdefault(pair, line.number)
    fault = ""
    if not _is_wallet(line.wallet):
        fault = "This is not a Solana wallet address."
    elif line.badge not in given:
        fault = "There is no such badge, or it is no longer given."
    elif earlier != line.number:
        fault = f"The same as line {earlier}."
    return Line(line.number, line.wallet, line.badge, fault, held.get(pair, ""))


def _held(lines: Sequence[Line]) -> dict[Pair, str]:
    wallets = {line.wallet for line in lines if _is_wallet(line.wallet)}
    held = EarnedBadge.objects.filter(user__wallet_address__in=wallets)
    rows = held.values_list("user__wallet_address", "definition__slug", "status")
    return {(wallet or "", slug): status for wallet, slug, status in rows}


def _is_wallet(text: str) -> bool:
    try:
        check_wallet_address(text)
    except InvalidInput:
        return False
    return True
