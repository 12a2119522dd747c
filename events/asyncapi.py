"""The AsyncAPI 3.0 document of everything that is published or read, made from the schemas."""

from functools import cache
from typing import Any

from events.catalogue import EventSchema, event_types, schema_for
from events.envelope import SOURCE
from events.kafka.description import (
    dead_letter_channel,
    inbound_channels,
    own_messages,
    own_schemas,
)

LOG_TOPIC = "nft-event-log"
STREAMS = {
    "userStream": ("/api/v1/user/nft-events", "user", "A user's events, as Server-Sent Events"),
    "upgradeStream": (
        "/api/nft/upgrade/{upgradeRequestId}/events",
        "user",
        "Those of one upgrade, out of the user's feed",
    ),
    "adminStream": ("/api/v1/admin/events", "admin", "System operations, for admins"),
}
UUID_STRING = {"type": "string", "format": "uuid"}
Document = dict[str, Any]


@cache
def asyncapi_document() -> Document:
    """The same for every installation: servers are variables."""
    schemas = [schema_for(event_type) for event_type in sorted(event_types())]
    topics = _topics(schemas)
    inbound = inbound_channels()
    streams = {
        name: (address, [s for s in schemas if s.audience == audience], text)
        for name, (address, audience, text) in STREAMS.items()
    }
    return {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {
            **{topic: _topic(topic, found) for topic, found in topics.items()},
            **inbound,
            **{f"{topic}.dlq": dead_letter_channel(topic) for topic in [*topics, *inbound]},
            **{name: _stream(*stream) for name, stream in streams.items()},
        },
        "operations": {
            **{
                f"send-{name}": _operation("send", name, f"We write to {name}.")
                for name in [*topics, *(f"{it}.dlq" for it in [*topics, *inbound]), *streams]
            },
            **{
                f"receive-{name}": _operation("receive", name, f"We read what is in {name}.")
                for name in inbound
            },
        },
        "components": _components(schemas),
    }


def _operation(action: str, channel: str, summary: str) -> Document:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
    }


def _info() -> Document:
    return {
        "title": "AIW3 NFT events",
        "version": "1.0.0",
        "description": (
            "Facts about badges, NFTs and their upgrades. Order is promised per user within a"
            " topic or a stream; `sequence` counts one user's events without a gap. Kafka may"
            " bring an event again: `eventId` tells."
        ),
        "license": {"name": "MIT"},
    }


def _servers() -> Document:
    return {
        "kafka": {
            "host": "{bootstrap}",
            "protocol": "kafka",
            "description": "Services read here, with `isolation.level=read_committed`.",
            "variables": {"bootstrap": {"default": "127.0.0.1:9092"}},
        },
        "web": {
            "host": "{host}",
            "protocol": "https",
            "description": "Browsers read here; fields marked internal are left out.",
            "variables": {"host": {"default": "127.0.0.1:8000"}},
        },
    }


def _topics(schemas: list[EventSchema]) -> dict[str, list[EventSchema]]:
    names = sorted({topic for schema in schemas for topic in schema.topics})
    copies = {name: [s for s in schemas if name in s.topics] for name in names}
    return {LOG_TOPIC: schemas, **copies}


def _topic(name: str, schemas: list[EventSchema]) -> Document:
    text = "Every event, once" if name == LOG_TOPIC else f"Copies out of {LOG_TOPIC}"
    return {
        "address": name,
        "description": f"{text}. The key is the user's id, or the aggregate's.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {s.type: {"$ref": f"#/components/messages/{s.type}"} for s in schemas},
    }


def _stream(address: str, schemas: list[EventSchema], text: str) -> Document:
    names = [(s.type, s.type + ("_public" if _has_internal(s) else "")) for s in schemas]
    stream: Document = {
        "address": address,
        "description": text,
        "servers": [{"$ref": "#/servers/web"}],
        "messages": {name: {"$ref": f"#/components/messages/{seen}"} for name, seen in names},
    }
    if "{" in address:
        stream["parameters"] = {"upgradeRequestId": {"description": "the upgrade's id"}}
    return stream


def _has_internal(schema: EventSchema) -> bool:
    document = _plain(schema.document)
    return bool(public_schema(document) != document)


def public_schema(schema: Any) -> Any:
    """The schema without the fields that it marks internal, which no browser sees."""
    if isinstance(schema, list):
        return [public_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: public_schema(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        hidden = {n for n, field in schema["properties"].items() if field.get("x-internal")}
        kept = {n: field for n, field in result["properties"].items() if n not in hidden}
        result["properties"] = kept
    return result


def _components(schemas: list[EventSchema]) -> Document:
    payloads = {s.type: _plain(s.document) for s in schemas}
    for schema in filter(_has_internal, schemas):
        payloads[f"{schema.type}_public"] = public_schema(payloads[schema.type])
    return {
        "messages": {
            **{name: _message(name, schema) for name, schema in payloads.items()},
            **own_messages(),
        },
        "schemas": {"envelope": _envelope(), **payloads, **own_schemas()},
    }


def _plain(schema: Any) -> Document:
    return {key: value for key, value in schema.items() if key != "$schema"}


def _message(name: str, schema: Document) -> Document:
    event_type = name.removesuffix("_public")
    return {
        "name": event_type,
        "title": schema["description"],
        "contentType": "application/json",
        "x-version": schema["x-version"],
        "x-audience": schema["x-audience"],
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/envelope"},
                {
                    "type": "object",
                    "properties": {
                        "eventType": {"const": event_type},
                        "data": {"$ref": f"#/components/schemas/{name}"},
                    },
                },
            ]
        },
    }


def _envelope() -> Document:
    properties: Document = {
        "eventId": UUID_STRING,
        "eventType": {"type": "string"},
        "type": {"type": "string", "description": "the same as eventType"},
        "message": {"type": "string", "description": "one sentence for a person"},
        "userId": {"type": ["string", "null"], "format": "uuid"},
        "sequence": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "place in the user's feed; null for other audiences",
        },
        "timestamp": {"type": "string", "format": "date-time"},
        "source": {"const": SOURCE},
        "version": {"type": "string", "description": "of the type's schema"},
        "correlationId": {"type": "string"},
        "data": {"type": "object"},
    }
    return {"type": "object", "required": sorted(properties), "properties": properties}
