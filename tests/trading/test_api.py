"""Trades over HTTP, from a service with a key."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import create_service_key
from tests.trading.parts import new_wallet, volume_of
from trading.models import Trade

pytestmark = pytest.mark.django_db
URL = "/api/v1/trades"


def service(*scopes: str) -> Client:
    _, readable = create_service_key(name="exchange", scopes=scopes, now=timezone.now())
    return Client(headers={"Authorization": f"Api-Key {readable}"})


@pytest.fixture
def exchange() -> Client:
    return service("trades:write")


def post(client: Client, body: Any, key: str | None = None) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(URL, text, content_type="application/json", headers=headers)


def a_trade(**changes: Any) -> dict[str, Any]:
    trade = {
        "tradeId": "t-1",
        "walletAddress": new_wallet(),
        "volumeUsd": "1250.50",
        "executedAt": "2026-01-02T03:04:05.678Z",
    }
    return {**trade, **changes}


def test_trades_are_recorded_and_answered_in_order(exchange: Client) -> None:
    trade = a_trade()
    body = [trade, a_trade(tradeId="t-2", volumeUsd="0"), trade, a_trade(volumeUsd="9")]
    response = post(exchange, body)
    assert response.status_code == 200
    assert response.json() == {
        "results": [
            {"tradeId": "t-1", "code": 200, "status": "recorded", "error_code": None},
            {"tradeId": "t-2", "code": 400, "status": "rejected", "error_code": "INVALID_VOLUME"},
            {"tradeId": "t-1", "code": 200, "status": "duplicate", "error_code": None},
            {"tradeId": "t-1", "code": 409, "status": "rejected", "error_code": "TRADE_ID_REUSED"},
        ]
    }
    assert volume_of(trade["walletAddress"]) == Decimal("1250.5")
    assert Trade.objects.get().source.startswith("key:")


@pytest.mark.parametrize("number", ["7", "0.1", "1e-8", "123456789.123456"])
def test_a_json_number_is_read_exactly(exchange: Client, number: str) -> None:
    wallet = new_wallet()
    body = json.dumps([a_trade(walletAddress=wallet, volumeUsd="?")]).replace('"?"', number)
    assert post(exchange, body).status_code == 200
    assert volume_of(wallet) == Decimal(number)


@pytest.mark.parametrize(
    ("changes", "error_code"),
    [
        ({"volumeUsd": "-1"}, "INVALID_VOLUME"),
        ({"volumeUsd": "0.000000001"}, "INVALID_VOLUME"),
        ({"volumeUsd": "1000000000000"}, "INVALID_VOLUME"),
        ({"walletAddress": "nobody"}, "INVALID_WALLET"),
        ({"tradeId": "a\nb"}, "INVALID_TRADE_ID"),
    ],
)
def test_a_bad_value_rejects_that_trade(
    exchange: Client, changes: dict[str, Any], error_code: str
) -> None:
    results = post(exchange, [a_trade(**changes)]).json()["results"]
    assert [result["error_code"] for result in results] == [error_code]
    assert not Trade.objects.exists()
    assert not User.objects.exists()


def test_a_trade_of_tomorrow_is_rejected(exchange: Client) -> None:
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    (result,) = post(exchange, [a_trade(executedAt=tomorrow)]).json()["results"]
    assert result["error_code"] == "EXECUTED_IN_FUTURE"


NO_VOLUMES: list[Any] = ["", "NaN", "Infinity", "-0", "1e5", "1,5", " 1", "٣", "abc", "9" * 41]
NO_VOLUMES += [0.12345678901234567, 1e300, -1, 10**60]


@pytest.mark.parametrize("volume", NO_VOLUMES)
def test_what_is_no_volume_rejects_its_row_and_the_others_go_on(
    exchange: Client, volume: Any
) -> None:
    response = post(exchange, [a_trade(volumeUsd=volume), a_trade(tradeId="good")])
    rows = [(row["code"], row["error_code"]) for row in response.json()["results"]]
    assert rows == [(400, "INVALID_VOLUME"), (200, None)]


BAD_VOLUMES: list[Any] = [None, True, [], {}]
BAD_WALLETS: list[Any] = [None, "", 7, [], "\x00", "w" * 101]
BAD_FIELDS: list[dict[str, Any]] = [
    *({"volumeUsd": volume} for volume in BAD_VOLUMES),
    *({"tradeId": trade_id} for trade_id in [None, "", 7, True, "t" * 101, "\x00", "\ud800"]),
    *({"walletAddress": wallet} for wallet in BAD_WALLETS),
    *(
        {"executedAt": at}
        for at in [None, "", "yesterday", 1767322800, "0001-01-01T00:00:00+14:00"]
    ),
]


@pytest.mark.parametrize("changes", BAD_FIELDS)
def test_a_field_of_the_wrong_type_refuses_the_whole_request(
    exchange: Client, changes: dict[str, Any]
) -> None:
    response = post(exchange, [a_trade(tradeId="good"), a_trade(**changes)])
    assert response.status_code == 400
    assert response.json()["error_code"] == "INVALID_INPUT"
    (faulty,) = response.json()["details"]["fields"].items()
    assert (faulty[0], list(faulty[1])) == ("1", list(changes))
    assert not Trade.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"trades": []},
        None,
        "7",
        '"text"',
        "[1]",
        "[[]]",
        "[null]",
        "[{}]",
        "[",
        "",
        '[{"tradeId": NaN}]',
        "[" * 100_000,
    ],
)
def test_a_body_of_another_shape_is_refused(exchange: Client, body: Any) -> None:
    response = post(exchange, body)
    assert response.status_code == 400
    assert response.json()["error_code"] == "INVALID_INPUT"
    assert not Trade.objects.exists()


def test_a_thousand_trades_are_accepted_and_one_more_is_not(exchange: Client) -> None:
    trades = [a_trade(tradeId=f"t-{n}") for n in range(1001)]
    assert post(exchange, trades).status_code == 400
    assert not Trade.objects.exists()
    results = post(exchange, trades[:1000]).json()["results"]
    assert {result["status"] for result in results} == {"recorded"}


def test_no_trades_are_fine(exchange: Client) -> None:
    assert post(exchange, []).json() == {"results": []}


def test_a_repeated_key_gives_the_first_answer_and_no_other_body(exchange: Client) -> None:
    trade = a_trade()
    first, again = post(exchange, [trade], "k"), post(exchange, [trade], "k")
    assert first.json() == again.json()
    assert again.json()["results"][0]["status"] == "recorded"
    assert post(exchange, [a_trade()], "k").status_code == 422
    assert volume_of(trade["walletAddress"]) == Decimal("1250.5")


def test_a_refused_request_does_not_use_up_its_key(exchange: Client) -> None:
    trade = a_trade(volumeUsd=None)
    assert post(exchange, [trade], "k").status_code == 400
    assert post(exchange, [{**trade, "volumeUsd": "5"}], "k").status_code == 200


def test_only_a_service_with_the_scope_writes_trades() -> None:
    user = Client()
    user.force_login(User.objects.create_user(new_wallet()))
    assert post(Client(), [a_trade()]).status_code == 401
    assert post(user, [a_trade()]).status_code == 401
    assert post(service("badges:award"), [a_trade()]).status_code == 403
    assert not Trade.objects.exists()
