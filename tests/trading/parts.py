"""Trades and wallets for the tests."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from solders.keypair import Keypair

from accounts.models import User
from events.models import Event
from trading.intake import NewTrade, TradeResult
from trading.models import UserVolume, VolumeMilestone
from trading.services import record_trades

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE = datetime(2026, 3, 1, 11, tzinfo=UTC)
MILESTONES = (100_000, 250_000, 500_000, 1_000_000, 2_500_000)


def new_wallet() -> str:
    return str(Keypair().pubkey())


def make_trade(
    trade_id: str,
    wallet: str,
    volume: str = "10",
    executed_at: datetime = BEFORE,
    *,
    corrects: str | None = None,
) -> NewTrade:
    return NewTrade(
        trade_id=trade_id,
        wallet_address=wallet,
        volume_usd=Decimal(volume),
        executed_at=executed_at,
        corrects=corrects,
    )


def record(*trades: NewTrade) -> list[TradeResult]:
    return record_trades(trades=trades, now=NOW, source="test")


def outcomes(results: list[TradeResult]) -> list[tuple[str, str | None]]:
    return [(result.status.value, result.error_code) for result in results]


def volume_of(wallet: str) -> Decimal:
    user = User.objects.filter(wallet_address=wallet).first()
    return UserVolume.objects.total_of(user.id) if user else Decimal(0)


def milestones_told(user_id: UUID) -> list[dict]:
    events = Event.objects.filter(user_id=user_id, type="volume_milestone_reached")
    return [event.data for event in events.order_by("id")]


def restore_milestones() -> None:
    """What the migration wrote, also after a test that emptied the tables."""
    for amount in MILESTONES:
        VolumeMilestone.objects.get_or_create(amount=amount)
