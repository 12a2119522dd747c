"""Who calls, in one word. Apart from `core.throttling`, because DRF loads authentication first."""

from django.http import HttpRequest
from rest_framework.request import Request


def caller_of(request: Request | HttpRequest) -> str | None:
    """`user:{id}`, or `key:{id}` for a service; None when nobody is signed in."""
    for principal in (getattr(request, "auth", None), getattr(request, "user", None)):
        scope: str | None = getattr(principal, "caller_scope", None)
        if scope:
            return scope
    return None
