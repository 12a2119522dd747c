"""The one page of the site that is not the admin's or the API's."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@require_safe
@cache_control(public=True, max_age=300)
def landing_page(request: HttpRequest) -> HttpResponse:
    """What runs here and where to go on. Without scripts, and without anything from elsewhere."""
    response = render(request, "landing.html")
    response.headers["Content-Security-Policy"] = CSP
    return response
