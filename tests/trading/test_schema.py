"""The JSON Schema of a trade in Kafka keeps what it promises: it agrees with the serializer.

What the schema accepts has a form that the serializer accepts; of two documented kinds of bodies
the serializer accepts more.
"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from trading.api.serializers import TradeSerializer
from trading.schema import TRADE

GOOD = {
    "tradeId": "t-1",
    "walletAddress": "11111111111111111111111111111111",
    "volumeUsd": "1250.50",
    "executedAt": "2026-01-01T00:00:00Z",
}
SCHEMA = Draft202012Validator(TRADE, format_checker=FormatChecker())


def by_schema(body: Any) -> bool:
    return SCHEMA.is_valid(body)


def by_serializer(body: Any) -> bool:
    # Through JSON, as a message comes.
    return TradeSerializer(data=json.loads(json.dumps(body))).is_valid()


def but(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


ACCEPTED = [
    GOOD,
    but(more="fields"),
    but(tradeId=" t "),
    but(tradeId="x" * 100),
    but(tradeId="\n"),
    but(volumeUsd="-1"),
    but(volumeUsd="9" * 40 + "." + "9" * 40),
    but(executedAt="2026-01-01T00:00:00.123456789+05:30"),
]
REFUSED = [
    *(without(name) for name in GOOD),
    *(but(**{name: None}) for name in GOOD),
    *(but(**{name: ""}) for name in GOOD),
    *(but(**{name: ["x"]}) for name in GOOD),
    *(but(**{name: True}) for name in GOOD),
    but(tradeId=7),
    but(tradeId="x" * 101),
    but(tradeId="a\0b"),
    but(tradeId="\ud800"),
    but(walletAddress="x" * 101),
    but(volumeUsd="1e3"),
    but(volumeUsd="1."),
    but(volumeUsd=".5"),
    but(volumeUsd="1\n"),
    but(volumeUsd="+1"),
    but(volumeUsd="NaN"),
    but(volumeUsd="\u0661"),
    but(volumeUsd="9" * 41),
    but(executedAt="yesterday"),
    but(executedAt="2026-02-30T00:00:00Z"),
    but(executedAt="2026-01-01T00:00:60Z"),
    but(executedAt="2026-01-01T25:00:00Z"),
    but(executedAt=1767225600),
]
# The schema promises less: an offset that is missing is taken for UTC, a number may be exact.
ONLY_BY_SERIALIZER = [
    but(volumeUsd=1250.5),
    but(volumeUsd=7),
    but(executedAt="2026-01-01T00:00:00"),
    but(executedAt="2026-01-01 00:00:00Z"),
    but(executedAt="2026-01-01"),
    but(executedAt="2026-01-01T00:00:00Z\n"),
]


@pytest.mark.parametrize("body", ACCEPTED)
def test_both_accept(body: dict[str, Any]) -> None:
    assert (by_schema(body), by_serializer(body)) == (True, True)


@pytest.mark.parametrize("body", REFUSED)
def test_both_refuse(body: dict[str, Any]) -> None:
    assert (by_schema(body), by_serializer(body)) == (False, False)


@pytest.mark.parametrize("body", ONLY_BY_SERIALIZER)
def test_the_schema_promises_less_where_something_could_be_lost(body: dict[str, Any]) -> None:
    assert (by_schema(body), by_serializer(body)) == (False, True)


TEXTS = st.text(max_size=105) | st.text(st.characters(), min_size=95, max_size=105)
VOLUMES = st.from_regex(r"-?[0-9]{0,42}\.?[0-9]{0,42}\n?", fullmatch=True) | TEXTS
TIMES = (
    st.datetimes().map(lambda moment: moment.isoformat() + "Z")
    | st.from_regex(
        TRADE["properties"]["executedAt"]["pattern"], alphabet=st.characters(codec="ascii")
    )
    | TEXTS
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trade_id=TEXTS, wallet=TEXTS, volume=VOLUMES, executed_at=TIMES)
def test_who_keeps_to_the_schema_is_understood(
    trade_id: str, wallet: str, volume: str, executed_at: str
) -> None:
    changes = {
        "tradeId": trade_id,
        "walletAddress": wallet,
        "volumeUsd": volume,
        "executedAt": executed_at,
    }
    for name, value in changes.items():  # one at a time, so that the others hide nothing
        body = but(**{name: value})
        if by_schema(body):
            assert by_serializer(body)
        elif name != "executedAt":
            assert not by_serializer(body)
