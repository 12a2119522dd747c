"""The pages of the site that are not the admin's or the API's."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
CSP_WITH_SCRIPTS = f"{CSP}; script-src 'self'; connect-src 'self'"


@require_safe
@cache_control(public=True, max_age=300)
def landing_page(request: HttpRequest) -> HttpResponse:
    """What runs here and where to go on. Without scripts, and without anything from elsewhere."""
    response = render(request, "landing.html")
    response.headers["Content-Security-Policy"] = CSP
    return response


@require_safe
@never_cache  # the CSRF cookie is the visitor's own
@ensure_csrf_cookie
def live_page(request: HttpRequest) -> HttpResponse:
    """What happens to the signed-in visitor, as it happens. The events come by script."""
    response = render(request, "live.html")
    response.headers["Content-Security-Policy"] = CSP_WITH_SCRIPTS
    return response
