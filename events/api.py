"""The description of the events, for programs."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from events.asyncapi import asyncapi_document


@require_safe
@cache_control(public=True, max_age=300)
def asyncapi_json(_request: HttpRequest) -> JsonResponse:
    """Public: it names shapes and topics, no installation."""
    return JsonResponse(asyncapi_document())
