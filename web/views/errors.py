"""What went wrong outside any view: a page for people, the one error format for programs."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.csrf import csrf_failure as plain_csrf_failure

from core import api
from web.language import FOR_PROGRAMS


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that leads nowhere."""
    if not _is_person(request):
        return api.not_found(request, exception)
    return render(request, "web/not_found.html", status=HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours, perhaps of the database: the page asks nothing of it."""
    answer = api.server_error(request)
    if not _is_person(request):
        return answer
    page = render(request, "web/failure.html", status=answer.status_code)
    if "Retry-After" in answer:
        page["Retry-After"] = answer["Retry-After"]
    return page


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose page is older than its cookie."""
    if not _is_person(request):
        return plain_csrf_failure(request, reason)
    return render(request, "web/failure.html", {"is_stale": True}, status=HTTPStatus.FORBIDDEN)


def _is_person(request: HttpRequest) -> bool:
    path = request.path_info
    wants_page = "text/html" in request.headers.get("Accept", "")
    return wants_page and (path.startswith("/admin/") or not path.startswith(FOR_PROGRAMS))
