"""Whole answers of our raw ASGI endpoints: over HTTP, or in place of a WebSocket."""

from core.correlation import HEADER, accept_correlation_id
from core.errors import DomainError, LimitExceeded, error_body
from realtime import metrics
from realtime.connection import Send
from realtime.origins import Headers, cors_headers
from realtime.requests import StreamRequest
from realtime.wire import dump

HTTP = "http.response"
IN_PLACE_OF_WEBSOCKET = "websocket.http.response"


async def answer(
    send: Send,
    request: StreamRequest,
    status: int,
    *,
    headers: Headers | None = None,
    body: str = "",
    how: str = HTTP,
) -> None:
    """`body` is JSON; `headers` come on top of those that every answer has."""
    correlation_id = accept_correlation_id(request.headers.get(HEADER.lower(), ""))
    sent = [*cors_headers(request), (HEADER.lower().encode(), correlation_id.encode())]
    sent += headers or []
    content = body.encode()
    if content:
        sent += [(b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff")]
    if status not in {204, 304}:
        sent.append((b"content-length", str(len(content)).encode()))
    if not any(name == b"cache-control" for name, _ in sent):
        sent.append((b"cache-control", b"no-store"))
    await send({"type": f"{how}.start", "status": status, "headers": sent})
    await send({"type": f"{how}.body", "body": content})


async def answer_error(
    send: Send, request: StreamRequest, error: DomainError, *, how: str = HTTP
) -> None:
    """In the one error format, and counted."""
    metrics.refused.labels(error.code).inc()
    body = error_body(error.status, error.message, error.code, error.details)
    headers = _headers_of(error)
    await answer(send, request, error.status, headers=headers, body=dump(body), how=how)


def _headers_of(error: DomainError) -> Headers:
    if isinstance(error, LimitExceeded):
        return [(b"retry-after", str(error.retry_after).encode())]
    if error.status == 503:
        return [(b"retry-after", b"5")]
    return [(b"www-authenticate", b"Bearer")] if error.status == 401 else []
