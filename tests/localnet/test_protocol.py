"""What could go wrong: a page of another site drives the chain; garbage stops the server."""

import base64
import json
import socket
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.keypair import Keypair
from starlette.requests import Request

from chain.localnet.dispatch import answer
from chain.localnet.ledger import Ledger
from chain.localnet.methods import METHODS
from chain.localnet.process import LocalnetFailed, LocalnetProcess
from chain.localnet.server import _answer_http
from chain.localnet.service import Localnet
from chain.localnet.storage import Storage
from chain.records import Blockhash
from tests.localnet.wallets import SOL, ask, payment
from tests.plain_http import NO_TLS

HEALTH = {"jsonrpc": "2.0", "id": 7, "method": "getHealth"}


def post(net: LocalnetProcess, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"content-type": "application/json", **headers}
    return httpx.post(net.rpc_url, content=content, headers=sent, verify=NO_TLS, trust_env=False)


def test_a_batch_is_answered_in_order_without_its_notifications(net: LocalnetProcess):
    silent = {"jsonrpc": "2.0", "method": "getHealth"}
    wrong = {"jsonrpc": "2.0", "id": "x", "method": "nonsense"}
    replies = post(net, [HEALTH, silent, wrong, 5]).json()
    assert [reply["id"] for reply in replies] == [7, "x", None]
    assert replies[0]["result"] == "ok"
    assert [reply["error"]["code"] for reply in replies[1:]] == [-32601, -32600]


def test_a_lone_notification_gets_no_reply(net: LocalnetProcess):
    assert post(net, {"jsonrpc": "2.0", "method": "getHealth"}).content == b""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 20_000, -32700),
        (b"[]", -32600),
        (b"null", -32600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "getHealth"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": {}}', -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": [{}, 1]}', -32602),
    ],
)
def test_a_malformed_request_is_told_what_it_is(net: LocalnetProcess, body: bytes, code: int):
    assert post(net, body).json()["error"]["code"] == code


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("getBalance", []),
        ("getBalance", ["not a key"]),
        ("getBalance", [5]),
        ("getBalance", ["1" * 32, "finalized"]),
        ("getBalance", ["1" * 32, {"commitment": "certain"}]),
        ("getBalance", ["1" * 32, {"commitment": ["finalized"]}]),
        ("getBalance", ["1" * 32, {"minContextSlot": -1}]),
        ("getAccountInfo", ["1" * 32, {"encoding": "utf8"}]),
        ("getAccountInfo", ["1" * 32, {"dataSlice": 5}]),
        ("getMultipleAccounts", [["1" * 32] * 101]),
        ("getMultipleAccounts", ["1" * 32]),
        ("getProgramAccounts", ["1" * 32, {"filters": [{"memcmp": {"bytes": "0"}}]}]),
        ("getProgramAccounts", ["1" * 32, {"filters": [{}]}]),
        ("getProgramAccounts", ["1" * 32, {"filters": [1]}]),
        ("getSignatureStatuses", [["short"]]),
        ("getSignatureStatuses", [["1" * 64] * 257]),
        ("getTransaction", ["short"]),
        ("isBlockhashValid", ["short"]),
        ("getFeeForMessage", ["AAAA"]),
        ("getMinimumBalanceForRentExemption", [-1]),
        ("getMinimumBalanceForRentExemption", [2**63]),
        ("simulateTransaction", ["AAAA", {"encoding": "base64"}]),
        ("sendTransaction", ["AAAA", {"skipPreflight": "yes"}]),
    ],
)
def test_bad_params_are_32602(net: LocalnetProcess, method: str, params: list[Any]):
    assert ask(net, method, *params)["error"]["code"] == -32602


def test_fees_rent_and_the_epoch_are_those_of_a_cluster(net: LocalnetProcess):
    assert net.call("getMinimumBalanceForRentExemption", 0) == 890_880
    assert net.call("getVersion")["solana-core"]
    assert net.call("getGenesisHash") == net.genesis_hash
    assert net.call("getEpochInfo")["absoluteSlot"] == net.call("getSlot")
    assert net.call("getBlockTime", net.call("getSlot")) > 1_700_000_000
    assert net.call("getBlockTime", 1) is None
    assert net.call("getRecentPrioritizationFees", [])[0]["prioritizationFee"] == 0


def test_the_body_has_a_limit(net: LocalnetProcess):
    assert post(net, b" " * (50 * 1024 + 1)).status_code == 413


def test_only_json_is_read_so_that_no_form_can_send(net: LocalnetProcess):
    assert post(net, HEALTH, **{"content-type": "text/plain"}).status_code == 415


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:8000", "http://localhost:3000", "https://localhost"]
)
def test_a_page_of_this_machine_may_call(net: LocalnetProcess, origin: str):
    reply = post(net, HEALTH, origin=origin)
    assert reply.headers["access-control-allow-origin"] == origin
    assert reply.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example:80",
        "file://",
    ],
)
def test_a_page_of_another_site_may_not(net: LocalnetProcess, origin: str):
    reply = post(net, HEALTH, origin=origin)
    assert reply.status_code == 403
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:8899"])
def test_a_name_that_was_rebound_to_this_machine_is_refused(net: LocalnetProcess, host: str):
    assert post(net, HEALTH, host=host).status_code == 403
    assert httpx.get(f"{net.rpc_url}/health", headers={"host": host}).status_code == 403


def test_a_browser_may_ask_first(net: LocalnetProcess):
    headers = {
        "origin": "http://localhost:8000",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
        "access-control-request-private-network": "true",
    }
    reply = httpx.options(net.rpc_url, headers=headers)
    assert reply.status_code == 204
    assert "content-type" in reply.headers["access-control-allow-headers"]
    assert reply.headers["access-control-allow-private-network"] == "true"
    assert httpx.get(f"{net.rpc_url}/health").text == "ok"


def test_it_listens_on_loopback_only(net: LocalnetProcess):
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.2", net.port))


def test_test_hooks_are_off_by_default_and_other_origins_can_be_allowed():
    with LocalnetProcess(
        test_hooks=False, airdrop_cap=5, allow_origins=("https://demo.example",)
    ) as plain:
        with pytest.raises(LocalnetFailed, match="Method not found"):
            plain.tick()
        with pytest.raises(LocalnetFailed, match="at most 5 lamports"):
            plain.airdrop("1" * 32, 6)
        assert post(plain, HEALTH, origin="https://demo.example").status_code == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=90),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.sampled_from(["base64", "base58", "jsonParsed", "confirmed", "1" * 32])
        for name in ("encoding", "commitment", "filters", "mint", "limit", "accounts", "before")
    },
)
VALUES = JSON | CONFIGS | st.sampled_from(["1" * 32, "1" * 64, "AQAB", 1])
net_in_process = Localnet(Ledger(Storage(), now=1_700_000_000.0))


@given(method=st.sampled_from(sorted(METHODS)), params=st.lists(VALUES, max_size=3))
def test_no_params_stop_the_server_or_are_its_fault(method: str, params: list[Any]):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    reply = json.loads(answer(net_in_process, body.encode()))
    assert reply["id"] == 1
    assert reply.get("error", {}).get("message") != "Internal error"


@given(at=st.integers(0, 400), byte=st.integers(0, 255), cut=st.integers(0, 400), data=st.data())
def test_a_damaged_transaction_is_refused_and_moves_nothing(
    at: int, byte: int, cut: int, data: st.DataObject
):
    ledger = net_in_process.ledger
    payer = ledger.faucet
    blockhash = Blockhash(str(ledger.blockhash_at(ledger.slot)), 0)
    whole = bytes(payment(payer, Keypair().pubkey(), SOL, blockhash))
    damaged = bytearray(whole)
    damaged[at % len(whole)] = byte
    raw = bytes(damaged[: max(cut, 1)] if data.draw(st.booleans()) else damaged)
    method = data.draw(st.sampled_from(["sendTransaction", "simulateTransaction"]))
    options = {"encoding": "base64", "skipPreflight": data.draw(st.booleans())}
    params = [base64.b64encode(raw).decode(), options]
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    before = ledger.svm.get_balance(payer.pubkey())
    reply = json.loads(answer(net_in_process, body.encode()))
    assert reply.get("error", {}).get("message") != "Internal error"
    if raw[: len(whole)] != whole:
        assert ledger.svm.get_balance(payer.pubkey()) == before


@given(st.binary(max_size=300))
def test_no_body_stops_the_server(body: bytes):
    answer(net_in_process, body)


async def test_a_client_that_is_killed_while_it_asks_is_no_error():
    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    headers = [(b"content-type", b"application/json")]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    reply = await _answer_http(cast("Localnet", None), request)
    assert reply.status_code == 400
