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
    """`executed_at` knows its time zone; `trade_id` is unique in the trading system.

    A correction is a trade of its own that takes the place of the one that it `corrects`; it
    alone may have no volume, which cancels that trade.
    """

    trade_id: str
    wallet_address: str
    volume_usd: Decimal
    executed_at: datetime
    corrects: str | None = None


CONFLICTS = frozenset(
    {"TRADE_ID_REUSED", "CORRECTED_TRADE_UNKNOWN", "ALREADY_CORRECTED", "WALLET_DIFFERS"}
)


@dataclass(frozen=True, kw_only=True)
class TradeResult:
    """`error_code` is set exactly when the trade is rejected."""

    trade_id: str
    status: TradeStatus
    error_code: str | None = None

    @property
    def code(self) -> int:
        """The HTTP status that the trade would have had by itself."""
        if self.error_code is None:
            return 200
        return 409 if self.error_code in CONFLICTS else 400


def fault_in(trade: NewTrade, *, now: datetime) -> str | None:
    """The error code of the first thing that is wrong with a trade, by itself."""
    if not _is_trade_id(trade.trade_id):
        return "INVALID_TRADE_ID"
    if trade.corrects is not None and not _is_trade_id(trade.corrects):
        return "CORRECTED_TRADE_UNKNOWN"
    if not _is_wallet(trade.wallet_address):
        return "INVALID_WALLET"
    if not _is_volume(trade.volume_usd, may_be_zero=trade.corrects is not None):
        return "INVALID_VOLUME"
    if trade.executed_at > now + CLOCK_SKEW:
        return "EXECUTED_IN_FUTURE"
    return None


def _is_trade_id(text: str) -> bool:
    return 0 < len(text) <= 100 and text.isprintable()


def _is_wallet(address: str) -> bool:
    try:
        check_wallet_address(address)
    except InvalidInput:
        return False
    return True


def _is_volume(volume: Decimal, *, may_be_zero: bool) -> bool:
    """Positive, below 10^12 and exact in 8 decimals: a rounded volume would not be theirs."""
    if not volume.is_finite() or not 0 <= volume < LARGEST_VOLUME:
        return False
    return (may_be_zero or volume > 0) and volume.quantize(VOLUME_STEP) == volume
