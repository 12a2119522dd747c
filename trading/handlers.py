"""Trades that the trading system writes to Kafka: the same service as the HTTP call.

A message is one trade, in the form of one item of `POST /api/v1/trades`.
"""

from collections.abc import Sequence

from django.utils import timezone
from rest_framework.exceptions import ValidationError

from events.kafka.inbound import Inbound
from events.kafka.messages import Unreadable, json_object
from trading.api.serializers import TradeSerializer
from trading.intake import NewTrade
from trading.schema import TRADE
from trading.services import record_trades

TOPIC = "mp-trade-topic"


def record_from_topic(bodies: Sequence[bytes | None]) -> list[str | None]:
    """Record what can be recorded; a reason for each message that cannot."""
    parsed = [_trade_or_reason(body) for body in bodies]
    trades = [trade for trade in parsed if isinstance(trade, NewTrade)]
    results = iter(record_trades(trades=trades, now=timezone.now(), source=f"kafka:{TOPIC}"))
    return [next(results).error_code if isinstance(item, NewTrade) else item for item in parsed]


def _trade_or_reason(body: bytes | None) -> NewTrade | str:
    try:
        form = TradeSerializer(data=json_object(body))
        form.is_valid(raise_exception=True)
    except Unreadable as reason:
        return str(reason)
    except ValidationError as error:
        return f"INVALID_INPUT: {error.detail}"
    return NewTrade(**form.validated_data)


INBOUND = Inbound(
    name="trades-inbound",
    topic=TOPIC,
    group_id="nft-trades-group",
    record=record_from_topic,
    schema=TRADE,
)
