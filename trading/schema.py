"""What the trading system may write to Kafka: the JSON Schema of one trade.

It accepts less than `TradeSerializer` does (no JSON numbers, times only as RFC 3339 with an
offset): who keeps to it is understood everywhere, without a digit or an hour lost.
"""

from typing import Any

# No NUL and no lone surrogates, which PostgreSQL cannot store.
_TEXT = r"^[^\u0000\ud800-\udfff]+$(?!\n)"
# `$` alone would let a line break follow.
_DECIMAL = r"^-?[0-9]{1,40}(\.[0-9]{1,40})?$(?!\n)"
_TIME = (
    r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$(?!\n)"
)

TRADE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "trade",
    "description": "One trade, counted once by its `tradeId`",
    "type": "object",
    "required": ["tradeId", "walletAddress", "volumeUsd", "executedAt"],
    "properties": {
        "tradeId": {
            "type": "string",
            "maxLength": 100,
            "pattern": _TEXT,
            "description": "the trading system's own, unique; printable characters",
        },
        "walletAddress": {
            "type": "string",
            "maxLength": 100,
            "pattern": _TEXT,
            "description": "Solana address, base58; one not seen before becomes a user",
        },
        "volumeUsd": {
            "type": "string",
            "pattern": _DECIMAL,
            "description": "USD, positive, below 10^12, at most 8 decimals",
            "examples": ["1250.50"],
        },
        "executedAt": {
            "type": "string",
            "format": "date-time",
            "pattern": _TIME,
            "description": "RFC 3339; not in the future",
        },
        "corrects": {
            "type": "string",
            "maxLength": 100,
            "pattern": _TEXT,
            "description": "the tradeId whose place this one takes; volumeUsd 0 then cancels it",
        },
    },
}
