"""Trades that arrive on `mp-trade-topic`.

Asked here: are they the trades of the HTTP call, with the same rules? delivered twice, one
effect? does a bad one hold up the others? what when the database is away, or our code fails?
"""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from accounts.models import User
from events.groups import TryAgain
from events.kafka.description import DEAD_LETTER, own_messages
from events.kafka.inbound import Inbound, inbound_reader
from tests.kafka.parts import (
    LARGE,
    allow_large,
    headers_of,
    messages_in,
    put,
    rest,
    running,
    turn_often,
    turn_until,
    wait_until,
)
from tests.patience import PATIENCE
from tests.trading.parts import new_wallet, restore_milestones, volume_of
from trading.handlers import INBOUND, TOPIC, record_from_topic
from trading.models import Trade

pytestmark = [pytest.mark.kafka, pytest.mark.django_db(transaction=True)]


def body(trade_id: str, wallet: str, **changes: object) -> bytes:
    trade = {
        "tradeId": trade_id,
        "walletAddress": wallet,
        "volumeUsd": "10.5",
        "executedAt": "2026-01-01T00:00:00Z",
    }
    return json.dumps({**trade, **changes}).encode()


def test_trades_are_recorded_once_however_often_they_come(topics: None) -> None:
    restore_milestones()
    wallet = new_wallet()
    put(TOPIC, body("t1", wallet), body("t2", wallet), body("t1", wallet))
    reader = inbound_reader(INBOUND)
    turn_until(lambda: Trade.objects.count() == 2, reader)
    put(TOPIC, body("t2", wallet), body("t3", wallet))
    turn_until(lambda: Trade.objects.count() == 3, reader)
    reader.close()
    assert volume_of(wallet) == Decimal("31.5")
    assert set(Trade.objects.values_list("source", flat=True)) == {f"kafka:{TOPIC}"}
    assert User.objects.filter(wallet_address=wallet).count() == 1


def test_invalid_messages_go_to_the_dead_letters_with_their_reason(topics: None) -> None:
    wallet = new_wallet()
    bad = {
        "not JSON": b"{",
        "no value": None,
        "not a JSON object": b"[]",
        "INVALID_INPUT": b'{"tradeId": "x"}',
        "INVALID_WALLET": body("t2", "nobody"),
        "INVALID_VOLUME": body("t3", wallet, volumeUsd="-1"),
        "TRADE_ID_REUSED": body("t1", wallet, volumeUsd="99"),
        "more than": LARGE,
    }
    allow_large(TOPIC)
    put(TOPIC, body("t1", wallet), *bad.values(), body("t4", wallet))
    reader = inbound_reader(INBOUND)
    turn_until(lambda: Trade.objects.count() == 2, reader)
    rest(reader)
    reader.close()
    letters = messages_in(f"{TOPIC}.dlq", len(bad))
    for letter, (reason, value) in zip(letters, bad.items(), strict=True):
        headers = headers_of(letter)
        assert reason in headers["dlq_reason"]
        cut = headers["dlq_truncated"] == "true"
        assert (letter.value() or b"") == (value or b"")[: 500_000 if cut else None]
        own = {name for name in headers if name.startswith("dlq_")}
        assert own == set(own_messages()[DEAD_LETTER]["headers"]["required"])
    assert volume_of(wallet) == Decimal("21")


def test_a_trade_needs_no_key_and_may_say_more_than_we_read(topics: None) -> None:
    wallet = new_wallet()
    put(TOPIC, body("t1", wallet, version="9.0.0", note="x"), key=None)
    reader = inbound_reader(INBOUND)
    turn_until(lambda: Trade.objects.count() == 1, reader)
    reader.close()


def test_a_fault_of_the_database_loses_no_trade(topics: None) -> None:
    wallet = new_wallet()
    faults = iter([OperationalError("away"), TryAgain("still away")])

    def record(bodies: list[bytes | None]) -> list[str | None]:
        for fault in faults:
            raise fault
        return record_from_topic(bodies)

    put(TOPIC, body("t1", wallet), body("t2", wallet))
    reader = inbound_reader(Inbound("trades-inbound", TOPIC, "nft-trades-group", record))
    turn_until(lambda: Trade.objects.count() == 2, reader)
    reader.close()


def test_a_message_that_our_code_cannot_take_is_put_aside(topics: None) -> None:
    wallet = new_wallet()

    def record(bodies: list[bytes | None]) -> list[str | None]:
        if any(b"cursed" in (value or b"") for value in bodies):
            raise ZeroDivisionError("a mistake of ours")
        return record_from_topic(bodies)

    put(TOPIC, body("t1", wallet), body("cursed", wallet), body("t2", wallet))
    reader = inbound_reader(Inbound("trades-inbound", TOPIC, "nft-trades-group", record))
    turn_until(lambda: Trade.objects.count() == 2, reader)
    reader.close()
    letter = messages_in(f"{TOPIC}.dlq", 1)[0]
    assert headers_of(letter)["dlq_reason"] == "ZeroDivisionError: a mistake of ours"


def test_dead_letters_that_cannot_be_written_hold_the_offsets(
    topics: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.kafka.dead.FLUSH_SECONDS", 1.0)
    put("nft-operations-topic", b"{")
    reader = inbound_reader(
        Inbound("no-letters", "nft-operations-topic", "g", lambda bodies: ["bad"] * len(bodies))
    )
    with pytest.raises(TryAgain, match="no dead letter topic"):
        turn_often(reader)
    reader.close()


def test_the_command_reads_trades_and_exists_only_with_kafka(
    topics: None, settings, tmp_path: Path
) -> None:
    wallet = new_wallet()
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": settings.KAFKA_BOOTSTRAP_SERVERS,
        "KAFKA_PREFIX": settings.KAFKA_PREFIX,
    }
    put(TOPIC, body("t1", wallet))
    log = tmp_path / "log"
    with running("consume", "trades-inbound", environment=environment, log=log) as process:
        wait_until(lambda: Trade.objects.exists() or process.poll() is not None)
        process.terminate()
        assert process.wait(PATIENCE) == 0, log.read_text()
    assert volume_of(wallet) == Decimal("10.5")
    settings.KAFKA_BOOTSTRAP_SERVERS = ""
    with pytest.raises(CommandError, match="No group trades-inbound"):
        call_command("consume", "trades-inbound")
