"""What other apps call: `publish()`."""

from django.db import transaction
from django.utils import timezone

from core.correlation import current_correlation_id
from events.catalogue import InvalidEvent, schema_for
from events.events import DomainEvent
from events.models import Audience, Event
from events.notify import wake_sequencer_on_commit


def publish(event: DomainEvent) -> Event:
    """Write the fact into the log, in the caller's transaction.

    Raises InvalidEvent when it breaks its schema, TransactionManagementError outside a
    transaction: a fact must commit together with what it tells.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("publish() needs the caller's transaction")
    schema = schema_for(event.event_type)
    data = event.data()
    schema.check(data)
    if schema.audience == Audience.USER and event.user_id is None:
        raise InvalidEvent(f"{event.event_type}: an event for a user must name the user")
    wake_sequencer_on_commit()
    row = Event(
        type=event.event_type,
        version=schema.version,
        audience=schema.audience,
        user_id=event.user_id,
        aggregate_id=event.aggregate_id,
        message=event.message(),
        data=data,
        correlation_id=current_correlation_id(),
        created_at=timezone.now(),
    )
    Event.objects.append(row)
    return row
