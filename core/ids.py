"""Identifiers: UUID version 7, so that they sort by creation time."""

from uuid import UUID

from uuid_utils import compat


def uuid7() -> UUID:
    """A new time-ordered identifier."""
    return compat.uuid7()
