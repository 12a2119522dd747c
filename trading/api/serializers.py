"""Trades as JSON. Shape and types are checked here; values by `trading.intake`."""

import re
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from trading.intake import NewTrade, TradeResult, TradeStatus

MAX_TRADES = 1000
PLAIN_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
FLOAT_DIGITS = 15  # significant digits that survive a JSON number


class Text(serializers.CharField):
    """A JSON string, byte for byte; numbers are not read as text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "example": "1250.50"})
class Usd(serializers.Field[Decimal, Any, str, Any]):
    """A decimal string. A JSON number is read too, as long as it cannot have lost a digit."""

    default_error_messages = {
        "invalid": "A decimal string is needed, such as “1250.50”.",
        "inexact": "A JSON number with more than 15 digits is not exact: send a string.",
    }

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, str | int | float):
            self.fail("invalid")
        text = data if isinstance(data, str) else format(Decimal(repr(data)), "f")
        if not PLAIN_DECIMAL.fullmatch(text):
            self.fail("invalid")
        volume = Decimal(text)
        if isinstance(data, float) and len(volume.normalize().as_tuple().digits) > FLOAT_DIGITS:
            self.fail("inexact")
        return volume


class TradeSerializer(serializers.Serializer[NewTrade]):
    tradeId = Text(source="trade_id", max_length=100, trim_whitespace=False)
    walletAddress = Text(source="wallet_address", max_length=100, trim_whitespace=False)
    volumeUsd = Usd(source="volume_usd")
    executedAt = serializers.DateTimeField(source="executed_at")
    corrects = Text(
        max_length=100,
        trim_whitespace=False,
        required=False,
        allow_null=True,
        help_text="The tradeId whose place this one takes; volumeUsd 0 then cancels it",
    )


class UsdOfARow(Usd):
    """What is no amount rejects its own trade (`trading.intake`), not the whole request."""

    def to_internal_value(self, data: Any) -> Decimal:
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError:
            if isinstance(data, bool) or not isinstance(data, str | int | float):
                raise
            return Decimal("NaN")


class TradeOfAList(TradeSerializer):
    volumeUsd = UsdOfARow(source="volume_usd")


class TradeListSerializer(serializers.ListSerializer[NewTrade]):
    child = TradeOfAList()

    def __init__(self, *, data: Any = serializers.empty) -> None:
        super().__init__(data=data, max_length=MAX_TRADES)


class TradeResultSerializer(serializers.Serializer[TradeResult]):
    tradeId = serializers.CharField(source="trade_id")
    code = serializers.IntegerField(help_text="200, 400 or 409, for this trade by itself")
    status = serializers.ChoiceField(choices=[status.value for status in TradeStatus])
    error_code = serializers.CharField(allow_null=True)


class TradeResultsSerializer(serializers.Serializer[Any]):
    results = TradeResultSerializer(many=True)
