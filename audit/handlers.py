"""Every event becomes a record, and the transactions that events tell of a row of their own."""

from collections.abc import Sequence
from typing import Any

from audit.leaves import moment
from audit.noting import note_all
from audit.services.chain_log import note_transactions
from events.events import to_the_millisecond
from events.groups import ConsumerGroup, Replay
from events.models import Event


def record_events(events: Sequence[Event]) -> None:
    note_all(_note_of(event) for event in events)
    note_transactions(events)


def record_again(events: Sequence[Event], _replay: Replay) -> None:
    """The appender passes over what has its record already."""
    record_events(events)


def _note_of(event: Event) -> dict[str, Any]:
    return {
        "at": moment(to_the_millisecond(event.created_at)),
        "source": "event",
        "what": event.type,
        "object": _object_of(event),
        "subject": str(event.user_id) if event.user_id else None,
        "correlation": event.correlation_id,
        "event": str(event.event_id),
        "after": event.data,
    }


def _object_of(event: Event) -> str | None:
    """By the name of its row, so that both sources are found together."""
    for field, table in (("upgradeRequestId", "upgrade_requests"), ("nftId", "user_nfts")):
        if event.data.get(field):
            return f"{table}:{event.data[field]}"
    return str(event.aggregate_id) if event.aggregate_id else None


AUDIT = ConsumerGroup(
    "audit",  # on Kafka: nft-audit-group
    record_events,
    transactional=True,
    replay=record_again,
)
