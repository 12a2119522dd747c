"""One id follows a request into its events, jobs and log lines."""

import re
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from core.ids import uuid7

HEADER = "X-Correlation-Id"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_current: ContextVar[str] = ContextVar("correlation_id", default="")


def current_correlation_id() -> str:
    """The id of the work under way; a fresh one outside a request or job."""
    return _current.get() or str(uuid7())


def known_correlation_id() -> str:
    """The same, but empty outside a request or job."""
    return _current.get()


def set_correlation_id(value: str) -> None:
    """For the rest of this request or job: a step of an upgrade goes on under the upgrade's id."""
    _current.set(value)


def resume_correlation_id(value: str) -> None:
    """The same with an id that a row has kept; rows from before that was done have none."""
    if value:
        set_correlation_id(value)


def accept_correlation_id(given: str) -> str:
    """The caller's id when it is harmless, else a new one."""
    return given if _ACCEPTED.match(given) else str(uuid7())


class CorrelationIdMiddleware:
    """Takes or makes the id of a request, and returns it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        correlation_id = accept_correlation_id(request.headers.get(HEADER, ""))
        set_correlation_id(correlation_id)
        response = self.get_response(request)
        response.headers[HEADER] = correlation_id
        return response
