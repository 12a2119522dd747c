"""Who calls, in one word. Apart from `core.throttling`, because DRF loads authentication first."""

from rest_framework.request import Request


def caller_of(request: Request) -> str | None:
    """`user:{id}`, or `key:{id}` for a service; None when nobody is signed in."""
    for principal in (request.auth, request.user):
        scope: str | None = getattr(principal, "caller_scope", None)
        if scope:
            return scope
    return None
