"""Identifiers: UUID version 7, so that they sort by creation time."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils import compat


def uuid7() -> UUID:
    """A new time-ordered identifier."""
    return compat.uuid7()


def time_of(identifier: UUID) -> datetime:
    """When `uuid7` made it, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, tz=UTC)
