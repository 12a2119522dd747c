"""What a stream request says: who asks, from which page, and where it wants to resume."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from django.http.cookie import parse_cookie

from core.errors import HeadersTooLarge

BEARER = "bearer"
LONGEST_HEAD = 32 * 1024  # in bytes, as the proxy's
_NUMBER = re.compile(r"[0-9]{1,18}\Z")
_SUPERSEDED = re.compile(r"[0-9]{1,18}\.superseded\Z")
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_TICKET = re.compile(rb"(^|&)ticket=[^&]*")


@dataclass(frozen=True)
class StreamRequest:
    """An HTTP request or a WebSocket handshake; `scheme` is http or https for both.

    `peer`: the address of the machine that connected, which may be a proxy's.
    """

    method: str
    path: str
    scheme: str
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    subprotocols: Sequence[str] = field(default=(), repr=False)
    peer: str = ""

    @property
    def origin(self) -> str | None:
        return self.headers.get("origin")


@dataclass(frozen=True)
class Credentials:
    """At most one of the three is set."""

    bearer: str | None = field(default=None, repr=False)
    session_key: str | None = field(default=None, repr=False)
    ticket: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ResumePoint:
    """`after`: the last number the client has; None means it has none.

    `is_possible` is False for a point that is no number; `is_superseded` for a stream that a
    newer one replaced.
    """

    after: int | None = None
    is_possible: bool = True
    is_superseded: bool = False


def read_request(scope: Mapping[str, Any]) -> StreamRequest:
    return StreamRequest(
        method=scope.get("method", "GET"),
        path=scope["path"],
        scheme=_SCHEMES[scope.get("scheme", "http")],
        headers={
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        },
        query=_read_query(scope.get("query_string", b"")),
        subprotocols=scope.get("subprotocols", ()),
        peer=(scope.get("client") or ("", 0))[0],
    )


def check_size(scope: Mapping[str, Any]) -> None:
    """A stream keeps its request for as long as it lives. Raises HeadersTooLarge."""
    size = len(scope.get("query_string", b""))
    size += sum(len(name) + len(value) for name, value in scope["headers"])
    if size > LONGEST_HEAD:
        raise HeadersTooLarge("HEADERS_TOO_LARGE", "The headers of this request are too large.")


def _read_query(query: bytes) -> Mapping[str, str]:
    """Of a name that is there twice the last counts, as in Django."""
    return dict(parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True))


def hide_ticket(scope: Any) -> None:
    """Servers log the query string of the scope when they answer; a ticket must not be in it."""
    query = scope.get("query_string", b"")
    scope["query_string"] = _TICKET.sub(rb"\1ticket=hidden", query)


def read_credentials(request: StreamRequest, *, cookie_name: str) -> Credentials:
    """The header counts first, then the ticket: both are put there on purpose, a cookie is not."""
    if token := _bearer_of(request):
        return Credentials(bearer=token)
    if ticket := request.query.get("ticket"):
        return Credentials(ticket=ticket)
    cookies = parse_cookie(request.headers.get("cookie", ""))
    return Credentials(session_key=cookies.get(cookie_name))


def _bearer_of(request: StreamRequest) -> str:
    """From the header, or after the subprotocol `bearer`: browsers' sockets send no headers."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    offered = list(request.subprotocols)
    return offered[1] if len(offered) > 1 and offered[0] == BEARER else ""


def read_resume_point(request: StreamRequest) -> ResumePoint:
    """`Last-Event-ID` is newer than the `after` in the address that an `EventSource` repeats."""
    text = request.headers.get("last-event-id") or request.query.get("after")
    if not text:
        return ResumePoint()
    if _NUMBER.match(text):
        return ResumePoint(after=int(text))
    return ResumePoint(is_possible=False, is_superseded=bool(_SUPERSEDED.match(text)))
