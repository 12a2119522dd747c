"""Who wants to hear of what, by which channel: for many members in one query."""

from collections.abc import Collection
from uuid import UUID

from notifications.kinds import Priority
from notifications.models import EVERY_TYPE, Channel, Preference


class Wishes:
    """The preferences of some members, loaded once."""

    def __init__(self, user_ids: Collection[UUID]):
        rows = Preference.objects.filter(user_id__in=user_ids)
        self._said = {(row.user_id, row.type, row.channel): row.is_wanted for row in rows}

    def wants(self, user_id: UUID, kind: str, channel: str, *, priority: str) -> bool:
        """A channel that is off is off, whatever was said of the type."""
        return self.wants_channel(user_id, channel) and self.says(
            user_id, kind, channel, priority=priority
        )

    def wants_channel(self, user_id: UUID, channel: str) -> bool:
        return self._said.get((user_id, EVERY_TYPE, channel), True)

    def says(self, user_id: UUID, kind: str, channel: str, *, priority: str) -> bool:
        """What was said of the type, else the default: low priority stays in the inbox."""
        default = channel == Channel.IN_APP or priority != Priority.LOW
        return self._said.get((user_id, kind, channel), default)
