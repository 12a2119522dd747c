"""Streams and polls in the OpenAPI document: routed beside Django, which knows none of them."""

from typing import Any

from django.conf import settings

STREAMS = {
    "/api/v1/user/nft-events": (
        "user_events",
        "All my events, live. An id is the user's `sequence`, without gaps.",
    ),
    "/api/nft/upgrade/{upgrade_id}/events": (
        "upgrade_events",
        "The events of one upgrade, from its start; ends with it, then answers 204. Ids are the "
        "user's `sequence` and may skip numbers.",
    ),
    "/api/v1/admin/events": (
        "system_events",
        "System operations, for staff. An id is the event's position in the log.",
    ),
}
COMMON = (
    "\n\nMessages are unnamed (`EventSource.onmessage`), their data is the event's envelope. "
    "Control messages have a `type` too: `connection_established`, `heartbeat`, `reset`, "
    "`superseded`, `closing`."
)
ERRORS = {
    "401": "Not signed in, or the token or ticket is not valid any more",
    "403": "Not yours to read, or a page of another origin",
    "429": "Too many streams (where the site refuses instead of superseding), or opened too often "
    "from your address; see `Retry-After`",
    "431": "The headers are larger than 32 KiB",
    "503": "The log cannot be read, or the server is full or going away; see `Retry-After`",
}
SOCKET = (
    "The same feed over WebSocket: every message is a text frame, events are bare envelopes whose "
    "`sequence` is the resume point. Besides the header, a browser signs in with its session, "
    "with `?ticket=`, or with the subprotocols `bearer` and the token. A page of another origin "
    "is refused. The close codes are in docs/realtime.md."
)
CHANGES = (
    "What happened after `after`, at most 100 events; `hasMore` says that there are more. `reset` "
    "instead when the point cannot be or is too old: read `snapshot`, then go on from `sequence`. "
    "With `wait` the answer comes as soon as there is an event, or is a 304 in the end."
)
RESUME = [
    ("header", "Last-Event-ID", "The id of the last message received"),
    ("query", "after", "The same, for who cannot send a header"),
    ("query", "ticket", "A stream ticket, for an `EventSource` of another origin"),
]


def document_streams(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    for path, (name, description) in STREAMS.items():
        result["paths"][path] = {"get": _operation(path, name, description)}
    result["paths"]["/ws/nft-events/"] = {"get": _socket()}
    result["paths"]["/api/v1/user/nft-portfolio-changes"] = {"get": _changes()}
    result["components"].setdefault("securitySchemes", {})["streamTicket"] = {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "From POST /api/auth/stream-ticket",
    }
    return result


def _operation(path: str, name: str, description: str) -> dict[str, Any]:
    errors = dict(ERRORS)
    parameters = [_parameter(*parameter) for parameter in RESUME]
    if "{upgrade_id}" in path:
        errors["404"] = "Unknown, malformed or someone else's"
        parameters.insert(0, _parameter("path", "upgrade_id", ""))
    return {
        "operationId": name,
        "description": description + COMMON,
        "tags": ["streams"],
        "parameters": parameters,
        "security": [{"bearer": []}, {"browserSession": []}, {"streamTicket": []}],
        "responses": {
            "200": {
                "description": "A stream of server-sent events",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            "204": {"description": "Nothing will come any more; do not reconnect"},
            **{status: _error(text) for status, text in sorted(errors.items())},
        },
    }


def _socket() -> dict[str, Any]:
    operation = _operation("/ws/nft-events/", "user_events_websocket", "")
    del operation["responses"]["200"], operation["responses"]["204"]
    operation["responses"] = {"101": {"description": "The stream"}} | operation["responses"]
    operation["responses"]["409"] = _error("SUPERSEDED: `after` is the id of a stream that is over")
    parameters = [parameter for parameter in operation["parameters"] if parameter["in"] == "query"]
    return operation | {"description": SOCKET, "parameters": parameters}


def _changes() -> dict[str, Any]:
    number = {"type": "integer", "minimum": 0}
    wait = number | {"maximum": settings.STREAM_POLL_WAIT_SECONDS, "default": 0}
    page = {
        "events": {"type": "array", "items": {"type": "object"}},
        "sequence": number,
        "hasMore": {"type": "boolean"},
    }
    reset = {"reset": {"const": True}, "sequence": number, "snapshot": {"type": "string"}}
    either = [
        {"type": "object", "required": list(fields), "properties": fields}
        for fields in (page, reset)
    ]
    return {
        "operationId": "user_changes",
        "description": CHANGES,
        "tags": ["streams"],
        "parameters": [
            _parameter("query", "after", "The `sequence` of the last answer; without it the "
                       "answer only says where the feed stands", number),
            _parameter("query", "wait", "Seconds", wait),
            _parameter("header", "If-None-Match", "The `ETag` of the last answer"),
        ],
        "security": [{"bearer": []}, {"browserSession": []}],
        "responses": {
            "200": {
                "description": "The changes; `ETag` tells the answer from another",
                "content": {"application/json": {"schema": {"oneOf": either}}},
            },
            "304": {"description": "Nothing new"},
            "400": _error("`after` or `wait` is not a number, or out of range"),
            **{status: _error(text) for status, text in sorted(ERRORS.items())},
        },
    }  # fmt: skip


def _parameter(
    place: str, name: str, description: str, schema: dict[str, Any] | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = {"in": place, "name": name, "schema": schema or {"type": "string"}}
    if place == "path":
        return found | {"required": True}
    return found | {"description": description}


def _error(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}
