"""What only Kafka carries, in terms of AsyncAPI: inbound topics, and dead letters."""

from typing import Any

from events.kafka.inbound import Inbound, inbounds

DEAD_LETTER = "deadLetter"
SERVERS = [{"$ref": "#/servers/kafka"}]
Document = dict[str, Any]

_HEADERS = {
    "dlq_reason": "why the reader could not use the message",
    "dlq_reader": "the group or inbound topic that could not use it",
    "dlq_topic": "where the message lies: topic",
    "dlq_partition": "partition",
    "dlq_offset": "offset",
    "dlq_truncated": "`true` when the copy ends early, because the message was too large",
}


def inbound_channels() -> dict[str, Document]:
    """By topic."""
    return {
        inbound.topic: {
            "address": inbound.topic,
            "description": f"{inbound.schema['description']}. Others write here, we read.",
            "servers": SERVERS,
            "messages": {inbound.name: {"$ref": f"#/components/messages/{inbound.name}"}},
        }
        for inbound in inbounds()
    }


def dead_letter_channel(topic: str) -> Document:
    return {
        "address": f"{topic}.dlq",
        "description": f"Messages of {topic} that a reader of ours could not use, with the reason.",
        "servers": SERVERS,
        "messages": {DEAD_LETTER: {"$ref": f"#/components/messages/{DEAD_LETTER}"}},
    }


def own_messages() -> dict[str, Document]:
    return {DEAD_LETTER: _dead_letter()} | {it.name: _inbound_message(it) for it in inbounds()}


def own_schemas() -> dict[str, Document]:
    return {
        it.name: {key: value for key, value in it.schema.items() if key != "$schema"}
        for it in inbounds()
    }


def _inbound_message(inbound: Inbound) -> Document:
    return {
        "name": inbound.schema["title"],
        "title": inbound.schema["description"],
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{inbound.name}"},
    }


def _dead_letter() -> Document:
    properties = {name: {"type": "string", "description": text} for name, text in _HEADERS.items()}
    return {
        "name": DEAD_LETTER,
        "title": "A message as it came, with its own headers and ours",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "required": sorted(properties), "properties": properties},
        "payload": {"description": "any bytes; at most the first 500,000 of them"},
    }
