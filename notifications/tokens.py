"""Signed links: they prove what they say without a sign-in, and do nothing else."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core import signing

VERIFICATION_LIVES = timedelta(hours=24)
_VERIFY, _UNSUBSCRIBE = "notifications.verify", "notifications.unsubscribe"


class BadLink(Exception):
    """Forged, cut, or too old."""


@dataclass(frozen=True)
class Verification:
    user_id: UUID
    address: str


@dataclass(frozen=True)
class Unsubscription:
    """`kind` may be EVERY_TYPE."""

    user_id: UUID
    kind: str


def verification_token(user_id: UUID, address: str) -> str:
    return signing.dumps([str(user_id), address], salt=_VERIFY)


def read_verification(token: str) -> Verification:
    """Raises BadLink."""
    user_id, address = _read(token, _VERIFY, VERIFICATION_LIVES)
    return Verification(UUID(user_id), address)


def unsubscribe_token(user_id: UUID, kind: str) -> str:
    """Never expires: an old letter's link still works."""
    return signing.dumps([str(user_id), kind], salt=_UNSUBSCRIBE)


def read_unsubscription(token: str) -> Unsubscription:
    """Raises BadLink."""
    user_id, kind = _read(token, _UNSUBSCRIBE, None)
    return Unsubscription(UUID(user_id), kind)


def _read(token: str, salt: str, max_age: timedelta | None) -> Any:
    try:
        return signing.loads(token, salt=salt, max_age=max_age)
    except signing.BadSignature:
        raise BadLink from None
