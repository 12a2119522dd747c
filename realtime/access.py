"""Which feeds there are, and who may read them. Every transport asks here."""

from dataclasses import dataclass, field
from uuid import UUID

from accounts.services import StreamGrant
from realtime.wire import FeedEvent

TERMINAL_TYPES = frozenset({"upgrade_completed", "upgrade_cancelled", "upgrade_expired"})


@dataclass(frozen=True, slots=True)
class UserFeed:
    """All events of one user, numbered by the user's sequence."""

    user_id: UUID
    key: str = field(init=False, compare=False)
    snapshot = "/api/v1/user/nfts"

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"user:{self.user_id}")

    def number(self, event: FeedEvent) -> int:
        return event.sequence or 0


@dataclass(frozen=True)
class UpgradeFeed:
    """One upgrade's events out of its user's sequence, so that numbers may be skipped."""

    user_id: UUID
    upgrade_id: UUID

    @property
    def key(self) -> str:
        return f"upgrade:{self.upgrade_id}"

    @property
    def snapshot(self) -> str:
        return f"/api/nft/upgrade/{self.upgrade_id}"

    def number(self, event: FeedEvent) -> int:
        return event.sequence or 0


@dataclass(frozen=True)
class SystemFeed:
    """System operations (audience `admin`), numbered by their position in the log."""

    key = "system"
    snapshot = "/admin/events/event/"

    def number(self, event: FeedEvent) -> int:
        return event.position


Feed = UserFeed | UpgradeFeed | SystemFeed


def may_read(grant: StreamGrant, feed: Feed) -> bool:
    """Default deny."""
    if isinstance(feed, UserFeed | UpgradeFeed):
        return grant.user_id == feed.user_id
    return isinstance(feed, SystemFeed) and grant.is_admin


def keys_of(event: FeedEvent) -> list[str]:
    """The feeds that an event belongs to; none for the audience `internal`."""
    if event.audience == "user":
        keys = [f"user:{event.user_id}"]
        return [*keys, f"upgrade:{event.upgrade_id}"] if event.upgrade_id else keys
    return [SystemFeed.key] if event.audience == "admin" else []
