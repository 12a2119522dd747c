"""The live page of the streams, for staff: not a table, so it has an address of its own."""

import time

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from realtime.overview import read_overview


@require_safe
def streams_page(request: HttpRequest) -> HttpResponse:
    """The page; its script asks for the numbers."""
    context = admin.site.each_context(request) | {"title": "Live streams"}
    return TemplateResponse(request, "admin/streams.html", context)


@require_safe
def streams_numbers(_request: HttpRequest) -> HttpResponse:
    """The numbers as JSON; 503 while Redis does not answer."""
    overview = read_overview(now=time.time())
    if overview is None:
        response = JsonResponse({"message": "Redis does not answer."}, status=503)
    else:
        response = JsonResponse(overview)
    add_never_cache_headers(response)
    return response


urlpatterns = [
    path("", admin.site.admin_view(streams_page), name="admin-streams"),
    path("numbers.json", admin.site.admin_view(streams_numbers), name="admin-streams-numbers"),
]
