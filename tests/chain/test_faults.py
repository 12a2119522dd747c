"""What could go wrong: the node hangs, trickles, lies about its time, limits us, is another
cluster's, or leaks its key into a log; a temporary fault is taken for a final no."""

import asyncio
import json
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.rpc.responses import GetSlotResp
from solders.transaction import VersionedTransaction

from chain.client import SolanaClient, call_chain
from chain.errors import (
    RPC_ERRORS,
    TRANSACTION_ERRORS,
    ChainError,
    ChainRejected,
    ChainUnavailable,
    from_rpc_error,
    from_transaction_error,
)
from chain.records import SignatureInfo
from chain.rpc import RpcTransport
from tests.chain.node import API_KEY, FaultyNode
from tests.chain.test_burning import RAW
from tests.patience import PATIENCE

WALLET = str(Keypair().pubkey())
SIGNATURE = str(VersionedTransaction.from_bytes(RAW).signatures[0])
OURS, OTHER = str(Hash.hash(b"ours")), str(Hash.hash(b"other"))
Work = Callable[[SolanaClient], Awaitable[Any]]


@pytest.fixture
def node() -> Iterator[FaultyNode]:
    node = FaultyNode()
    yield node
    node.stop()


def ask(node: FaultyNode, work: Work, *, timeout: float = PATIENCE, min_slot: int = 0) -> Any:
    async def run() -> Any:
        async with RpcTransport(node.url, timeout=timeout, behind_retries=1) as rpc:
            return await work(SolanaClient(rpc, min_slot=min_slot))

    return asyncio.run(run())


def slot(client: SolanaClient) -> Awaitable[int]:
    return client.slot()


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "RPC_RATE_LIMITED"), (401, "RPC_HTTP_ERROR"), (502, "RPC_HTTP_ERROR")],
)
def test_an_http_error_can_be_tried_again(node: FaultyNode, status: int, code: str):
    node.raw(status, b"no")
    with pytest.raises(ChainUnavailable, match=code):
        ask(node, slot)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"jsonrpc":"2.0","id":"1"}', b"\xff\xfe"]
)
def test_an_answer_that_is_no_json_rpc_can_be_tried_again(node: FaultyNode, body: bytes):
    node.raw(200, body)
    with pytest.raises(ChainUnavailable, match="RPC_BAD_REPLY"):
        ask(node, slot)


@pytest.mark.parametrize("value", [None, [], "x", {"absoluteSlot": 1}])
def test_a_result_of_another_shape_can_be_tried_again(node: FaultyNode, value: Any):
    for question in (
        lambda client: client.genesis_hash(),
        lambda client: client.slot(),
        lambda client: client.block_height(),
        lambda client: client.balance(WALLET),
        lambda client: client.minimum_rent(1),
        lambda client: client.latest_blockhash(),
        lambda client: client.signature_status(SIGNATURE),
    ):
        node.result(value)
        with pytest.raises(ChainUnavailable, match="RPC_BAD_REPLY"):
            ask(node, question)


def test_a_node_that_trickles_is_cut_off_in_time(node: FaultyNode):
    node.raw(200, b'{"jsonrpc":"2.0","id":"1","result":1}', seconds_a_byte=1)
    started = time.monotonic()
    with pytest.raises(ChainUnavailable, match="RPC_TIMEOUT"):
        ask(node, slot, timeout=0.3)
    assert time.monotonic() - started < 20  # the answer would take 38


def test_a_node_that_refuses_connections_can_be_tried_again():
    with pytest.raises(ChainUnavailable, match="RPC_UNREACHABLE"):
        call_chain(slot, rpc_url="http://127.0.0.1:1", timeout=PATIENCE, deadline=PATIENCE)


def test_a_deadline_ends_everything(node: FaultyNode):
    async def forever(client: SolanaClient) -> None:
        await asyncio.sleep(60)

    with pytest.raises(ChainUnavailable, match="DEADLINE_EXCEEDED"):
        call_chain(forever, rpc_url=node.url, timeout=PATIENCE, deadline=0.1)


def test_what_the_work_raises_comes_through(node: FaultyNode):
    async def wrong(client: SolanaClient) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        call_chain(wrong, rpc_url=node.url, timeout=PATIENCE, deadline=PATIENCE)


def test_a_panic_in_the_library_can_be_tried_again(node: FaultyNode):
    async def panics(client: SolanaClient) -> None:
        GetSlotResp.from_json('{"jsonrpc":"2.0","error":{"code":-32005,"message":"x"},"id":1}')

    with pytest.raises(ChainUnavailable, match="CLIENT_PANIC"):
        call_chain(panics, rpc_url=node.url, timeout=PATIENCE, deadline=PATIENCE)


def test_an_interrupt_is_not_taken_for_a_fault(node: FaultyNode):
    async def interrupted(client: SolanaClient) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        call_chain(interrupted, rpc_url=node.url, timeout=PATIENCE, deadline=PATIENCE)


@pytest.mark.parametrize("code", [*RPC_ERRORS, -32001, -32099, 17])
def test_every_error_code_without_data_has_a_verdict(node: FaultyNode, code: int):
    expected = from_rpc_error("getSlot", code, None)
    node.error(code)
    node.error(code)  # a node that is behind is asked once more
    with pytest.raises(ChainError) as raised:
        ask(node, slot)
    assert type(raised.value) is type(expected)
    assert raised.value.code == expected.code


def test_an_unknown_error_is_never_final():
    assert isinstance(from_rpc_error("sendTransaction", -1, None), ChainUnavailable)
    assert isinstance(from_transaction_error("SomethingNew"), ChainUnavailable)
    assert isinstance(from_transaction_error({}), ChainUnavailable)


@pytest.mark.parametrize("code", [-32003, -32006, -32013, -32015])
def test_a_verdict_about_a_transaction_is_final_only_where_one_was_asked_about(code: int):
    assert isinstance(from_rpc_error("sendTransaction", code, None), ChainRejected)
    assert isinstance(from_rpc_error("getLatestBlockhash", code, None), ChainUnavailable)


@pytest.mark.parametrize("name", TRANSACTION_ERRORS)
def test_a_failed_preflight_has_the_verdict_of_its_error(node: FaultyNode, name: str):
    error: object = {name: [0, {"Custom": 1}]} if name == "InstructionError" else name
    if name == "AlreadyProcessed":
        return
    node.error(-32002, {"err": error, "logs": []})
    with pytest.raises(ChainError) as raised:
        ask(node, lambda client: client.broadcast(RAW))
    final, code, _ = TRANSACTION_ERRORS[name]
    assert isinstance(raised.value, ChainRejected) is final
    assert raised.value.code == code


def test_sending_again_what_was_processed_is_a_success(node: FaultyNode):
    node.error(-32002, {"err": "AlreadyProcessed", "logs": []})
    assert ask(node, lambda client: client.broadcast(RAW)) == SIGNATURE


def test_a_malformed_transaction_is_not_sent(node: FaultyNode):
    for raw in (b"", b"\0", RAW[:50]):
        with pytest.raises(ChainRejected, match="INVALID_TRANSACTION"):
            ask(node, partial(SolanaClient.broadcast, raw=raw))
    assert node.requests == []


def test_a_node_that_is_behind_is_waited_for(node: FaultyNode):
    node.error(-32016, {"contextSlot": 6})
    node.result(9)
    assert ask(node, slot, min_slot=7) == 9
    assert [sent["params"][0]["minContextSlot"] for sent in node.requests] == [7, 7]


def test_a_client_never_goes_back_in_time(node: FaultyNode):
    async def twice(client: SolanaClient) -> None:
        await client.block_height()
        await client.balance(WALLET)

    node.result({"blockHeight": 5, "absoluteSlot": 100})
    node.result(1, slot=99)
    with pytest.raises(ChainUnavailable, match="NODE_BEHIND"):
        ask(node, twice)
    assert node.requests[1]["params"][1]["minContextSlot"] == 100


def test_the_state_at_other_commitments_does_not_move_the_finalized_slot(node: FaultyNode):
    async def work(client: SolanaClient) -> int:
        assert await client.signature_status(SIGNATURE) is None
        return await client.balance(WALLET)

    node.result([None], slot=132)
    node.result(1, slot=100)
    assert ask(node, work) == 1


def test_another_cluster_is_an_operators_fault_and_not_final(node: FaultyNode):
    node.result(OTHER)
    with pytest.raises(ChainUnavailable, match="WRONG_CLUSTER"):
        ask(node, lambda client: client.require_cluster(OURS))
    node.result(OURS)
    ask(node, lambda client: client.require_cluster(OURS))


def test_long_histories_are_read_page_by_page_down_to_the_slot(node: FaultyNode):
    newest = [{"signature": f"s{n}", "slot": 2000 - n, "err": None} for n in range(1000)]
    older = [{"signature": "o1", "slot": 950, "err": "X", "memo": "m"}]
    node.result(newest)
    node.result([*older, {"signature": "o2", "slot": 899, "err": None}])
    found = ask(node, lambda client: client.signatures_for_address(WALLET, down_to_slot=900))
    assert len(found) == 1001
    assert found[-1] == SignatureInfo("o1", 950, "X", "m")
    assert node.requests[1]["params"][1]["before"] == "s999"


def test_no_page_is_read_below_the_slot(node: FaultyNode):
    node.result([{"signature": f"s{n}", "slot": 2000 - n, "err": None} for n in range(1000)])
    found = ask(node, lambda client: client.signatures_for_address(WALLET, down_to_slot=1500))
    assert len(found) == 501


def test_malformed_addresses_are_never_sent(node: FaultyNode):
    for work in (
        lambda client: client.balance("x"),
        lambda client: client.mint_account("x"),
        lambda client: client.transaction("x"),
    ):
        with pytest.raises(ChainRejected):
            ask(node, work)
    assert node.requests == []


def test_the_nodes_key_is_in_no_error_and_no_log(
    node: FaultyNode, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    node.raw(500, API_KEY.encode())
    node.error(-32603, {"err": None, "url": API_KEY})
    node.raw(200, json.dumps(API_KEY).encode())
    shown = ""
    for _ in range(3):
        with pytest.raises(ChainError) as raised:
            ask(node, slot)
        shown += "".join(traceback.format_exception(raised.value)) + repr(raised.value)
        assert raised.value.__context__ is None
    assert API_KEY not in shown + caplog.text
