"""What could go wrong: told too early, twice, never, or of a slot that was abandoned."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from solders.keypair import Keypair
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from chain.localnet.process import LocalnetProcess
from tests.localnet.wallets import SOL, funded, latest, payment, send
from tests.patience import PATIENCE

SYSTEM = "1" * 32


class Listener:
    def __init__(self, socket: ClientConnection):
        self._socket = socket
        self._requests = 0

    def ask(self, method: str, *params: Any) -> dict[str, Any]:
        self._requests += 1
        request = {"jsonrpc": "2.0", "id": self._requests, "method": method, "params": params}
        self._socket.send(json.dumps(request))
        reply = self.next()
        assert reply["id"] == self._requests
        return reply

    def subscribe(self, kind: str, *params: Any) -> int:
        number: int = self.ask(f"{kind}Subscribe", *params)["result"]
        return number

    def next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv(timeout=PATIENCE))
        return message

    def result(self) -> Any:
        return self.next()["params"]["result"]

    def is_quiet(self) -> bool:
        """Whatever was on its way would come before the reply to a question."""
        self._requests += 1
        request = {"jsonrpc": "2.0", "id": self._requests, "method": "none"}
        self._socket.send(json.dumps(request))
        return self.next().get("id") == self._requests


@contextmanager
def listening(net: LocalnetProcess) -> Iterator[Listener]:
    with connect(net.ws_url, proxy=None) as socket:
        yield Listener(socket)


@pytest.fixture
def listener(net: LocalnetProcess) -> Iterator[Listener]:
    with listening(net) as listener:
        yield listener


def test_a_signature_is_told_once_when_it_reaches_its_commitment(
    net: LocalnetProcess, listener: Listener
):
    transaction = payment(funded(net), Keypair().pubkey(), SOL, latest(net))
    signature = str(transaction.signatures[0])
    numbers = {
        listener.subscribe("signature", signature, {"commitment": level}): level
        for level in ("processed", "confirmed", "finalized")
    }
    told = []
    for move in (lambda: send(net, transaction), net.tick, net.finalize):
        assert listener.is_quiet()
        move()
        message = listener.next()
        assert message["params"]["result"]["value"] == {"err": None}
        told.append(numbers[message["params"]["subscription"]])
    assert told == ["processed", "confirmed", "finalized"]
    net.tick(3)
    assert listener.is_quiet()


def test_a_signature_that_has_landed_is_told_at_once(net: LocalnetProcess, listener: Listener):
    signature = send(net, payment(funded(net), Keypair().pubkey(), SOL, latest(net)))
    net.finalize()
    number = listener.subscribe("signature", signature)
    message = listener.next()
    assert message["method"] == "signatureNotification"
    assert message["params"]["subscription"] == number
    assert listener.is_quiet()


def test_a_failed_transaction_is_told_with_its_error(net: LocalnetProcess, listener: Listener):
    transaction = payment(funded(net), Keypair().pubkey(), 99 * SOL, latest(net))
    listener.subscribe("signature", str(transaction.signatures[0]), {"commitment": "processed"})
    send(net, transaction, skipPreflight=True)
    assert listener.result()["value"] == {"err": {"InstructionError": [0, {"Custom": 1}]}}


def test_an_account_is_told_as_it_is_at_the_commitment(net: LocalnetProcess, listener: Listener):
    payer, to = funded(net), Keypair().pubkey()
    options = {"commitment": "confirmed", "encoding": "base64"}
    listener.subscribe("account", str(to), options)
    send(net, payment(payer, to, SOL, latest(net)))
    assert listener.is_quiet()
    net.tick()
    assert listener.result()["value"]["lamports"] == SOL
    assert listener.is_quiet()


def test_an_abandoned_slot_is_told_at_processed_only(net: LocalnetProcess, listener: Listener):
    payer, to = funded(net), Keypair().pubkey()
    for level in ("processed", "confirmed", "finalized"):
        listener.subscribe("account", str(to), {"commitment": level})
    send(net, payment(payer, to, SOL, latest(net)))
    assert listener.result()["value"]["lamports"] == SOL
    net.rollback(1)
    net.finalize()
    assert listener.is_quiet()


def test_logs_are_told_to_who_mentions_the_account(net: LocalnetProcess, listener: Listener):
    payer, to = funded(net), Keypair().pubkey()
    level = {"commitment": "processed"}
    mine = listener.subscribe("logs", {"mentions": [str(to)]}, level)
    everything = listener.subscribe("logs", "all", level)
    listener.subscribe("logs", {"mentions": [str(Keypair().pubkey())]}, level)
    signature = send(net, payment(payer, to, SOL, latest(net)))
    messages = [listener.next(), listener.next()]
    assert {each["params"]["subscription"] for each in messages} == {mine, everything}
    value = messages[0]["params"]["result"]["value"]
    assert (value["signature"], value["err"]) == (signature, None)
    assert value["logs"][0].startswith(f"Program {SYSTEM} invoke")
    assert listener.is_quiet()


def test_a_programs_accounts_are_told(net: LocalnetProcess, listener: Listener):
    payer, to = funded(net), Keypair().pubkey()
    listener.subscribe("program", SYSTEM, {"commitment": "processed", "encoding": "base64"})
    send(net, payment(payer, to, SOL, latest(net)))
    told = {each["value"]["pubkey"] for each in (listener.result(), listener.result())}
    assert told == {str(payer.pubkey()), str(to)}


def test_slots_and_roots_are_told(net: LocalnetProcess, listener: Listener):
    net.finalize()
    slots, roots = listener.subscribe("slot"), listener.subscribe("root")
    slot = net.tick()
    told = {each["params"]["subscription"]: each["params"]["result"] for each in pair(listener)}
    assert told[slots] == {"parent": slot - 1, "root": slot - 32, "slot": slot}
    assert told[roots] == slot - 32


def pair(listener: Listener) -> list[dict[str, Any]]:
    return [listener.next(), listener.next()]


def test_who_unsubscribes_hears_no_more(net: LocalnetProcess, listener: Listener):
    number = listener.subscribe("slot")
    assert listener.ask("slotUnsubscribe", number)["result"] is True
    net.tick()
    assert listener.is_quiet()
    assert listener.ask("slotUnsubscribe", number)["error"]["code"] == -32602


def test_one_connection_cannot_end_anothers_subscription(net: LocalnetProcess):
    with listening(net) as mine, listening(net) as other:
        number = mine.subscribe("slot")
        assert other.ask("slotUnsubscribe", number)["error"]["code"] == -32602
        net.tick()
        assert mine.next()["method"] == "slotNotification"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("signatureSubscribe", ["short"]),
        ("accountSubscribe", []),
        ("accountSubscribe", [SYSTEM, {"commitment": "sure"}]),
        ("accountSubscribe", [SYSTEM, {"encoding": "utf8"}]),
        ("logsSubscribe", [{"mentions": []}]),
        ("logsSubscribe", ["some"]),
        ("slotUnsubscribe", ["x"]),
    ],
)
def test_bad_subscriptions_are_refused(listener: Listener, method: str, params: list[Any]):
    assert listener.ask(method, *params)["error"]["code"] == -32602


def test_garbage_on_the_socket_is_answered(net: LocalnetProcess):
    with connect(net.ws_url, proxy=None) as socket:
        socket.send("{")
        assert json.loads(socket.recv(timeout=PATIENCE))["error"]["code"] == -32700
        socket.send("[]")
        assert json.loads(socket.recv(timeout=PATIENCE))["error"]["code"] == -32600
        socket.send(json.dumps({"method": "getSlot", "id": 1}))
        assert json.loads(socket.recv(timeout=PATIENCE))["error"]["code"] == -32601


def test_a_page_of_another_site_gets_no_socket(net: LocalnetProcess):
    with (
        pytest.raises(InvalidStatus, match="403"),
        connect(net.ws_url, proxy=None, origin=Origin("https://evil.example")),
    ):
        pytest.fail("it was let in")


def test_a_connection_has_a_limit_of_subscriptions(listener: Listener):
    for _ in range(1_000):
        listener.subscribe("root")
    assert listener.ask("rootSubscribe")["error"]["message"] == "Too many subscriptions"
