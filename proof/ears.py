"""What the pusher sends, as a server process hears it."""

from collections.abc import Iterator
from typing import Any

from core.redis import redis_client
from realtime.channels import events_channel
from realtime.wire import FeedEvent, decode


class Ears:
    """Listens from its making on; an event may come again, but none before an earlier one."""

    def __init__(self) -> None:
        client: Any = redis_client()
        self._subscription = client.pubsub(ignore_subscribe_messages=True)
        self._subscription.subscribe(events_channel())
        self._heard = 0  # up to this position everything
        self._skipped = 0

    def listen(self) -> None:
        """Whatever has arrived; never waits."""
        while message := self._subscription.get_message(timeout=0):
            event = decode(message["data"])
            if isinstance(event, FeedEvent):
                self._hear(event.position)

    def _hear(self, position: int) -> None:
        if position > self._heard + 1:
            self._skipped += 1
        self._heard = max(self._heard, position)

    def breaches(self, head: int) -> Iterator[str]:
        self.listen()
        if self._heard != head:
            yield f"The log goes up to {head}, and {self._heard} was pushed last."
        if self._skipped:
            yield f"{self._skipped} times an event was pushed before an earlier one."
