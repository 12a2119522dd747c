"""The streams in the OpenAPI document: they are routed beside Django, which knows none of them."""

from typing import Any

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
    "503": "The log cannot be read, or the server is full or going away; see `Retry-After`",
}
RESUME = [
    ("header", "Last-Event-ID", "The id of the last message received"),
    ("query", "after", "The same, for who cannot send a header"),
    ("query", "ticket", "A stream ticket, for an `EventSource` of another origin"),
]


def document_streams(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    for path, (name, description) in STREAMS.items():
        result["paths"][path] = {"get": _operation(path, name, description)}
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


def _parameter(place: str, name: str, description: str) -> dict[str, Any]:
    found: dict[str, Any] = {"in": place, "name": name, "schema": {"type": "string"}}
    if place == "path":
        return found | {"required": True}
    return found | {"description": description}


def _error(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}
