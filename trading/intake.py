"""What a trade looks like on its way in, what is wrong with it, and what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from accounts.services import check_wallet_address
from core.errors import InvalidInput

LARGEST_VOLUME = Decimal(10) ** 12  # USD, exclusive: what the column holds
VOLUME_STEP = Decimal("0.00000001")
CLOCK_SKEW = timedelta(seconds=30)  # how far a trading system's clock may run ahead of ours


class TradeStatus(StrEnum):
    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class NewTrade:
    """`executed_at` knows its time zone; `trade_id` is unique in the trading system."""

    trade_id: str
    wallet_address: str
    volume_usd: Decimal
    executed_at: datetime


@dataclass(frozen=True, kw_only=True)
class TradeResult:
    """`error_code` is set exactly when the trade is rejected."""

    trade_id: str
    status: TradeStatus
    error_code: str | None = None


def fault_in(trade: NewTrade, *, now: datetime) -> str | None:
    """The error code of the first thing that is wrong with a trade, by itself."""
    if not (0 < len(trade.trade_id) <= 100 and trade.trade_id.isprintable()):
        return "INVALID_TRADE_ID"
    if not _is_wallet(trade.wallet_address):
        return "INVALID_WALLET"
    if not _is_volume(trade.volume_usd):
        return "INVALID_VOLUME"
    if trade.executed_at > now + CLOCK_SKEW:
        return "EXECUTED_IN_FUTURE"
    return None


def _is_wallet(address: str) -> bool:
    try:
        check_wallet_address(address)
    except InvalidInput:
        return False
    return True


def _is_volume(volume: Decimal) -> bool:
    """Positive, below 10^12 and exact in 8 decimals: a rounded volume would not be theirs."""
    if not volume.is_finite() or not 0 < volume < LARGEST_VOLUME:
        return False
    return volume.quantize(VOLUME_STEP) == volume
