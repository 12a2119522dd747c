"""Request bodies. Apart from `core.api`, because DRF's views load their parsers first."""

import json
from typing import Any

from django.conf import settings
from rest_framework import exceptions, parsers, status


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request body is too large."


class JSONParser(parsers.JSONParser):
    """Reads JSON whatever the content type says, up to `DATA_UPLOAD_MAX_MEMORY_SIZE` bytes.

    Safe for cookie sessions too, because those check the CSRF token.
    """

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        try:
            return _loads(body)
        except (ValueError, RecursionError):
            raise exceptions.ParseError("The request body is not valid JSON.") from None


def _loads(body: bytes) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(body.decode("utf-8"), parse_constant=refuse)
