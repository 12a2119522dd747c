"""What other apps' events mean for people: something to be told."""

from collections.abc import Sequence

from django.utils import timezone

from events.groups import ConsumerGroup, Replay
from events.models import Event
from notifications.kinds import KINDS
from notifications.services.notifying import notify, notify_again


def tell_members(events: Sequence[Event]) -> None:
    notify(events=events, now=timezone.now())


def fill_inboxes(events: Sequence[Event], _replay: Replay) -> None:
    """What is missing in the inboxes is written; nothing is sent, nobody's browser is told."""
    notify_again(events=events)


# Our own events are of none of these types, so no notification causes another one.
NOTIFICATIONS = ConsumerGroup(
    "notifications",
    tell_members,
    transactional=True,
    types=frozenset(KINDS),
    replay=fill_inboxes,
)
