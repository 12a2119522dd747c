"""Members who trade, for the tests of what they earn."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import User
from badges.models import BadgeDefinition, EarnedBadge
from core.ids import uuid7
from events.consumer import Consumer, Turn
from events.groups import group_named
from events.models import Event
from events.sequencer import number_pending
from nft.models import AwardRule
from trading.intake import NewTrade
from trading.services import record_trades

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def trade(
    user: User, volume: Decimal | int | str, at: datetime = NOW, *, corrects: str | None = None
) -> str:
    """The id of a trade that is recorded."""
    trade_id = str(uuid7())
    [result] = record_trades(
        trades=[
            NewTrade(
                trade_id=trade_id,
                wallet_address=user.wallet_address or "",
                volume_usd=Decimal(volume),
                executed_at=at,
                corrects=corrects,
            )
        ],
        now=max(at, NOW),
        source="test",
    )
    assert result.error_code is None, result
    return trade_id


def define(*slugs: str) -> list[BadgeDefinition]:
    return [
        BadgeDefinition.objects.get_or_create(slug=slug, defaults={"name": slug})[0]
        for slug in slugs
    ]


def rule(slug: str, *, badges: tuple[str, ...] = (), **asked: Any) -> AwardRule:
    row = AwardRule.objects.create(badge=define(slug)[0], **asked)
    row.badges.set(define(*badges))
    return row


def held(user: User) -> set[str]:
    return set(EarnedBadge.objects.status_by_slug(user.id))


def told(user_id: UUID) -> list[dict[str, Any]]:
    """What the member heard of their qualification, oldest first."""
    events = Event.objects.filter(user_id=user_id, type="tier_qualification_changed")
    return [event.data for event in events.order_by("id")]


def settle() -> None:
    """The sequencer and the group `earning` at work until nothing is left."""
    consumer = Consumer(group_named("earning"))
    try:
        while number_pending() or consumer.step() is Turn.WORKED:
            pass
    finally:
        consumer.release()
