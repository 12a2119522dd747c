"""What every HTTP endpoint shares: the error format and pagination."""

import logging
import sys
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from rest_framework import exceptions, pagination, status
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from core.errors import DomainError, LimitExceeded, NotFound, Unavailable, error_body
from core.parsers import BodyTooLarge

logger = logging.getLogger(__name__)

CODES = {
    400: "INVALID_INPUT",
    401: "NOT_SIGNED_IN",
    403: "NOT_ALLOWED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
}


# The database is away, overloaded or restarting: nothing is committed, try again.
DATABASE_AWAY = (OperationalError, InterfaceError)
RETRY_AFTER_SECONDS = 5


class CursorPagination(pagination.CursorPagination):
    """`{"results": [], "next": url or null}`, newest first."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering: str | tuple[str, ...] = "-id"

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})

    def get_paginated_response_schema(self, schema: Any) -> Any:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {"results": schema, "next": link},
        }


def parse_id(text: str) -> UUID:
    """A malformed id is as unknown as any other. Raises NotFound."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("NOT_FOUND", "There is nothing here.") from None


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate any expected exception of a view into the one error format."""
    if isinstance(error, DomainError):
        return _domain_response(error, context)
    if isinstance(error, DATABASE_AWAY):
        logger.warning("The database is away: %s", type(error).__name__)
        return _domain_response(_database_away(), context)
    if isinstance(error, RequestDataTooBig):  # Django's own check, on the declared length
        error = BodyTooLarge()
    response = drf_exception_handler(error, context)
    if response is None:
        return None  # a bug: Django logs it and `server_error` answers
    code = response.status_code
    error_code = CODES.get(code, "ERROR")
    if isinstance(error, exceptions.ValidationError):
        response.data = error_body(
            code, "Some fields are not valid.", error_code, {"fields": error.detail}
        )
    else:
        message = str(getattr(error, "detail", "")) or "The request could not be served."
        response.data = error_body(code, message, error_code)
    return response


def _domain_response(error: DomainError, context: dict[str, Any]) -> Response:
    response = Response(
        error_body(error.status, error.message, error.code, error.details), status=error.status
    )
    if isinstance(error, LimitExceeded):
        response["Retry-After"] = str(error.retry_after)
    if error.status == status.HTTP_401_UNAUTHORIZED:
        view, request = context["view"], context["request"]
        response["WWW-Authenticate"] = view.get_authenticate_header(request) or "Bearer"
    if error.status == status.HTTP_503_SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _database_away() -> Unavailable:
    return Unavailable("DATABASE_UNAVAILABLE", "The database does not answer. Try again soon.")


def not_found(_request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001
    return JsonResponse(error_body(404, "There is nothing here.", "NOT_FOUND"), status=404)


def bad_request(_request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001
    return JsonResponse(error_body(400, "The request is not valid.", "INVALID_INPUT"), status=400)


def server_error(_request: HttpRequest) -> JsonResponse:
    """What no view caught, inside the `except` of Django's own handler."""
    if isinstance(sys.exception(), DATABASE_AWAY):
        away = _database_away()
        return JsonResponse(
            error_body(away.status, away.message, away.code),
            status=away.status,
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )
    return JsonResponse(
        error_body(500, "Something went wrong on our side.", "INTERNAL_ERROR"), status=500
    )
