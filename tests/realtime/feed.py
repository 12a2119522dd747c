"""People with tokens, and events written, numbered and pushed by hand."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from solders.keypair import Keypair

from accounts.models import User
from accounts.services import get_or_create_user
from accounts.services.sessions import open_login_session
from badges.events import BadgeActivated
from core.ids import uuid7
from events.events import DomainEvent
from events.models import Event
from events.sequencer import number_pending
from events.services import publish
from nft.events import RequestStuck, UpgradeCancelled, UpgradeCompleted, UpgradeInitiated
from realtime.pusher import push, push_head
from realtime.wire import from_row


@dataclass
class Person:
    user: User
    token: str = field(repr=False)
    session_id: UUID

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def new_person() -> Person:
    user = get_or_create_user(wallet_address=str(Keypair().pubkey()))
    session, tokens = open_login_session(user=user, now=timezone.now())
    return Person(user, tokens.access, session.id)


def write(*events: DomainEvent) -> None:
    """Commit the facts and number them; nobody is told."""
    with transaction.atomic():
        for event in events:
            publish(event)
    number_pending()


def push_new(since: int) -> None:
    """What the consumer group does with everything after position `since`."""
    events = list(Event.objects.after_position(since))
    push(events)
    push_head(head())


def head() -> int:
    return Event.objects.all().head_position()


def tell(*events: DomainEvent) -> None:
    """Write, number, push."""
    before = head()
    write(*events)
    push_new(before)


def log_of(person: Person) -> list[dict[str, Any]]:
    """The person's envelopes as the log has them."""
    rows = Event.objects.filter(user_id=person.user.id, sequence__gt=0).order_by("sequence")
    return [json.loads(from_row(row).envelope) for row in rows]


def badge(user: User, name: str = "early-bird") -> BadgeActivated:
    return BadgeActivated(user_id=user.id, badge_id=name)


def badges(user: User, count: int, name: str = "early-bird") -> list[BadgeActivated]:
    return [badge(user, name) for _ in range(count)]


def initiated(user: User, upgrade_id: UUID) -> UpgradeInitiated:
    return UpgradeInitiated(
        user_id=user.id,
        upgrade_request_id=upgrade_id,
        current_nft_id=uuid7(),
        current_level=1,
        target_level=2,
        expires_at=timezone.now() + timedelta(minutes=30),
    )


def completed(user: User, upgrade_id: UUID) -> UpgradeCompleted:
    return UpgradeCompleted(
        user_id=user.id,
        upgrade_request_id=upgrade_id,
        new_nft_id=uuid7(),
        mint_address=str(Keypair().pubkey()),
        transaction_signature=str(Keypair().sign_message(b"any")),
        level=2,
        duration_ms=1200,
    )


def cancelled(user: User, upgrade_id: UUID) -> UpgradeCancelled:
    return UpgradeCancelled(user_id=user.id, upgrade_request_id=upgrade_id, reason="asked")


def stuck() -> RequestStuck:
    request = uuid7()
    return RequestStuck(
        aggregate_id=request,
        upgrade_request_id=request,
        status="minting",
        stuck_seconds=60,
        reason="a test",
    )
