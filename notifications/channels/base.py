"""What a channel is: it knows its targets, packs a parcel in a transaction, sends it outside."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from notifications.models import Delivery, Outcome


class NotDelivered(Exception):
    """`outcome` says what to do next; `detail` goes into the log, so it names no addressee.

    `retry_after` is what the provider asked for.
    """

    def __init__(self, outcome: Outcome, detail: str, *, retry_after: timedelta | None = None):
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.retry_after = retry_after


class Parcel(Protocol):
    @property
    def provider(self) -> str:
        """Whose rate limit and pauses count: `email`, or the host of a push service."""
        ...

    def send(self) -> None:
        """One call to the provider, with timeouts. Touches no database. Raises NotDelivered."""
        ...


class OutChannel(Protocol):
    @property
    def name(self) -> str: ...

    def is_on(self) -> bool:
        """Whether this installation has what it takes."""
        ...

    def targets(self, user_ids: Collection[UUID]) -> Mapping[UUID, Sequence[str]]:
        """Where each of these members can be reached: what goes into `Delivery.target`."""
        ...

    def pack(self, delivery: Delivery) -> Parcel | None:
        """Everything that sending needs; None when there is nobody to send it to any more."""
        ...

    def forget(self, target: str) -> None:
        """The provider says that this target is gone for good."""
        ...
