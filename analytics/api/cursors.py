"""Where a page of a leaderboard ended, as an opaque text."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from analytics.services.boards import Entry
from core.errors import NotFound

NOBODY = UUID(int=0)


def cursor_of(entry: Entry) -> str:
    return urlsafe_b64encode(f"{entry.rank}:{entry.score}:{entry.position}".encode()).decode()


def entry_of(cursor: str) -> Entry:
    """Raises NotFound."""
    try:
        rank, score, position = (
            int(part) for part in urlsafe_b64decode(cursor.encode()).decode().split(":")
        )
    except ValueError:
        raise NotFound("INVALID_CURSOR", "This is not a cursor of ours.") from None
    if not all(0 < number < 2**63 for number in (rank, score, position)):
        raise NotFound("INVALID_CURSOR", "This is not a cursor of ours.")
    return Entry(rank, NOBODY, score, position)
