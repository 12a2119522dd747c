"""The envelope: the same on Kafka, SSE, WebSocket and polling."""

from typing import Any

from events.catalogue import schema_for
from events.events import rfc3339
from events.models import Event

SOURCE = "nft-service"


def service_envelope(event: Event) -> dict[str, Any]:
    """Everything, for services that we trust."""
    return {
        "eventId": str(event.event_id),
        "eventType": event.type,
        "type": event.type,
        "message": event.message,
        "userId": str(event.user_id) if event.user_id else None,
        "sequence": event.sequence,
        "timestamp": rfc3339(event.created_at),
        "source": SOURCE,
        "version": event.version,
        "correlationId": event.correlation_id,
        "data": event.data,
    }


def browser_envelope(event: Event) -> dict[str, Any]:
    """Without the fields that the event's schema marks internal or does not know."""
    public = schema_for(event.type).public_part(event.data)
    return {**service_envelope(event), "data": public}
