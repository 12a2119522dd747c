"""What could go wrong: an answer lacks a member, has another type, an index out of range."""

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.addresses import decode_base58, parse_address, parse_signature
from chain.errors import ChainRejected, ChainUnavailable
from chain.records import AccountKey, ForeignAccount, SignatureStatus
from chain.replies import (
    expected_shape,
    read_account,
    read_signature_info,
    read_status,
    read_token_accounts,
    read_transaction,
)
from chain.token2022 import PROGRAM

MEMO_V1 = "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"
KEYS = [f"key{number}" for number in range(3)]
TRANSACTION: dict[str, Any] = {
    "slot": 7,
    "blockTime": 1_700_000_000,
    "transaction": {
        "signatures": ["s"],
        "message": {
            "header": {"numRequiredSignatures": 1},
            "accountKeys": [*KEYS, MEMO_V1],
            "instructions": [
                {"programIdIndex": 1, "accounts": [0, 4], "data": "2"},
                {"programIdIndex": 3, "accounts": [0], "data": "8wr"},
            ],
        },
    },
    "meta": {
        "err": None,
        "fee": 5000,
        "loadedAddresses": {"writable": ["w"], "readonly": ["r"]},
        "innerInstructions": [
            {"index": 0, "instructions": [{"programIdIndex": 5, "accounts": [2], "data": ""}]}
        ],
        "preTokenBalances": [
            {
                "accountIndex": 4,
                "mint": "m",
                "owner": "o",
                "uiTokenAmount": {"amount": "1"},
            }
        ],
        "postTokenBalances": [],
    },
}


def test_lookup_tables_inner_instructions_and_memos_are_resolved_in_order():
    read = read_transaction(TRANSACTION, signature="s")
    assert read.account_keys[0] == AccountKey("key0", True)
    assert read.account_keys[4:] == (AccountKey("w", False), AccountKey("r", False))
    assert [item.program for item in read.instructions] == ["key1", "r", MEMO_V1]
    assert read.instructions[0].accounts == ("key0", "w")
    assert read.pre_token_balances[0].account == "w"
    assert read.memos == ("hi",)
    assert (read.slot, read.fee, read.error) == (7, 5000, None)


def test_absent_optional_members_are_nothing():
    value = copy.deepcopy(TRANSACTION)
    value["blockTime"] = None
    value["transaction"]["message"]["instructions"] = []
    value["meta"] |= {"innerInstructions": None, "preTokenBalances": None}
    del value["meta"]["loadedAddresses"]
    read = read_transaction(value, signature="s")
    assert (read.block_time, read.instructions, read.pre_token_balances) == (None, (), ())


@pytest.mark.parametrize("index", [-1, 6])
def test_an_index_out_of_range_is_a_bad_reply(index: int):
    value = copy.deepcopy(TRANSACTION)
    value["transaction"]["message"]["instructions"][0]["programIdIndex"] = index
    with pytest.raises(ChainUnavailable, match="RPC_BAD_REPLY"), expected_shape():
        read_transaction(value, signature="s")


@pytest.mark.parametrize("missing", ["meta", "transaction", "slot"])
def test_a_transaction_without_its_parts_is_a_bad_reply(missing: str):
    value = {**TRANSACTION, missing: None}
    with pytest.raises(ChainUnavailable, match="RPC_BAD_REPLY"), expected_shape():
        read_transaction(value, signature="s")


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
)


@given(json_value)
def test_any_json_is_read_or_refused_and_nothing_else_is_raised(value: Any):
    for read in (
        lambda: read_transaction(value, signature="s"),
        lambda: read_status(value),
        lambda: read_signature_info(value),
        lambda: read_token_accounts(value),
        lambda: read_account(value, address="a", slot=1),
    ):
        with suppress(ChainUnavailable), expected_shape():
            read()


def test_statuses_of_old_nodes_are_understood():
    assert read_status(None) is None
    rooted = read_status({"slot": 1, "confirmations": None, "err": None})
    assert rooted == SignatureStatus(1, "finalized", None)
    failed = read_status({"slot": 1, "confirmations": 3, "err": {"InstructionError": [0, "X"]}})
    assert failed == SignatureStatus(1, "processed", "InstructionError")


def test_an_account_in_another_encoding_is_a_bad_reply():
    value = {"data": ["", "base58"], "lamports": 1, "owner": "o"}
    with pytest.raises(ChainUnavailable, match="RPC_BAD_REPLY"), expected_shape():
        read_account(value, address="a", slot=1)


def test_a_token_2022_account_that_is_no_mint_is_foreign():
    value = {"data": ["AAAA", "base64"], "lamports": 5, "owner": str(PROGRAM)}
    account = read_account(value, address="a", slot=1)
    assert account == ForeignAccount("a", str(PROGRAM), 5, 3, 1)


@given(st.binary(max_size=64))
def test_base58_agrees_with_solders(data: bytes):
    from solders.pubkey import Pubkey
    from solders.signature import Signature

    padded = data.ljust(64, b"\0")
    assert decode_base58(str(Signature.from_bytes(padded))) == padded
    assert decode_base58(str(Pubkey.from_bytes(padded[:32]))) == padded[:32]


def test_base58_refuses_other_letters():
    with pytest.raises(ValueError, match="not base58"):
        decode_base58("0OIl")


@pytest.mark.parametrize("text", ["", "x", "0" * 44, "1" * 90])
def test_malformed_addresses_and_signatures_are_final(text: str):
    with pytest.raises(ChainRejected, match="INVALID_ADDRESS"):
        parse_address(text)
    with pytest.raises(ChainRejected, match="INVALID_SIGNATURE"):
        parse_signature(text)
