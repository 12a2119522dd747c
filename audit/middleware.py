"""What a request is recorded with: who called, which route; nothing of the path or the address."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject, empty

from audit.working import Said, working


class AuditMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with working(lambda: said_by(request)):
            return self.get_response(request)


def said_by(request: HttpRequest) -> Said:
    """The route, not the path: ids and names stay out of it."""
    match = request.resolver_match
    route = match.route if match is not None else "?"
    return {"actor": caller(request), "origin": f"{request.method} /{route}"}


def caller(request: HttpRequest) -> str:
    """`user:{id}`, `key:{id}`, or `anonymous`; does not find out what nobody has asked yet."""
    for principal in (getattr(request, "auth", None), request.__dict__.get("user")):
        if isinstance(principal, LazyObject) and principal._wrapped is empty:
            continue
        scope: str | None = getattr(principal, "caller_scope", None)
        if scope:
            return scope
    return "anonymous"
