"""An address that leads nowhere: a page for people, the one error format for programs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core import api
from web.language import FOR_PROGRAMS


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path_info.startswith(FOR_PROGRAMS) or "text/html" not in request.headers.get(
        "Accept", ""
    ):
        return api.not_found(request, exception)
    return render(request, "web/not_found.html", status=404)
