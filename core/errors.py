"""The one family of errors that a person or a client may see.

A service raises one of these; the HTTP layer (`core.api`) turns it into
`{"code", "message", "error_code", "details"}`. The `code` is a stable name for programs,
the `message` a sentence for a person.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """A rule was not met; nothing was changed."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, message: str, *, details: Mapping[str, Any] | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = dict(details or {})


class InvalidInput(DomainError):
    """A field is missing, of the wrong type or out of range."""


class NotSignedIn(DomainError):
    status = 401


class NotAllowed(DomainError):
    status = 403


class NotFound(DomainError):
    """Unknown, malformed or someone else's: the caller cannot tell which."""

    status = 404


class Conflict(DomainError):
    """The state does not allow it, or a requirement is missing."""

    status = 409


class ReusedKey(DomainError):
    """An idempotency key came back with another body."""

    status = 422


class LimitExceeded(DomainError):
    """`retry_after` is in whole seconds."""

    status = 429

    def __init__(self, code: str, message: str, *, retry_after: int):
        super().__init__(code, message, details={"retryAfter": retry_after})
        self.retry_after = retry_after


class HeadersTooLarge(DomainError):
    status = 431


class Unavailable(DomainError):
    """Something outside did not answer; the same call may work later."""

    status = 503


def error_body(code: int, message: str, error_code: str, details: Any = None) -> dict[str, Any]:
    """The one error format."""
    return {"code": code, "message": message, "error_code": error_code, "details": details or {}}
