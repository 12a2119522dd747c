"""A landed transaction as getTransaction shows it (pure)."""

import base64
import json
from typing import Any

from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from .encoding import from_base58, to_base58
from .errors import UNSUPPORTED_VERSION, RpcError, invalid_params
from .messages import MEMO_PROGRAMS, memo_text
from .storage import StoredTransaction

ENCODINGS = ("binary", "base58", "base64", "json", "jsonParsed")


def transaction_json(
    stored: StoredTransaction, *, encoding: str, max_version: int | None
) -> dict[str, Any]:
    if encoding not in ENCODINGS:
        raise invalid_params(f"Invalid params: unsupported encoding {encoding!r}")
    transaction = VersionedTransaction.from_bytes(stored.raw)
    version: int | str = 0 if isinstance(transaction.message, MessageV0) else "legacy"
    if version == 0 and max_version is None:
        raise RpcError(
            UNSUPPORTED_VERSION,
            "Transaction version (0) is not supported by the requesting client. Please try the"
            " request again with the following configuration parameter:"
            ' "maxSupportedTransactionVersion": 0',
        )
    meta = json.loads(stored.meta)
    reply = {
        "slot": stored.slot,
        "blockTime": stored.unix_time,
        "transaction": _encode(transaction, stored.raw, meta, encoding),
        "meta": _parsed_meta(transaction, meta) if encoding == "jsonParsed" else meta,
    }
    return reply if max_version is None else {**reply, "version": version}


def _encode(
    transaction: VersionedTransaction, raw: bytes, meta: dict[str, Any], encoding: str
) -> Any:
    if encoding == "binary":
        return to_base58(raw)
    if encoding == "base58":
        return [to_base58(raw), "base58"]
    if encoding == "base64":
        return [base64.b64encode(raw).decode(), "base64"]
    message = (
        _parsed_message(transaction, meta) if encoding == "jsonParsed" else _message(transaction)
    )
    return {"signatures": [str(each) for each in transaction.signatures], "message": message}


def _message(transaction: VersionedTransaction) -> dict[str, Any]:
    message, header = transaction.message, transaction.message.header
    shown: dict[str, Any] = {
        "header": {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        },
        "accountKeys": [str(key) for key in message.account_keys],
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": _raw_instructions(transaction),
    }
    return shown | _lookups(transaction)


def _parsed_message(transaction: VersionedTransaction, meta: dict[str, Any]) -> dict[str, Any]:
    keys = _all_keys(transaction, meta)
    return {
        "accountKeys": _described_keys(transaction, meta),
        "recentBlockhash": str(transaction.message.recent_blockhash),
        "instructions": [_parsed(each, keys) for each in _raw_instructions(transaction)],
    } | _lookups(transaction)


def _parsed_meta(transaction: VersionedTransaction, meta: dict[str, Any]) -> dict[str, Any]:
    keys = _all_keys(transaction, meta)
    inner = [
        {**group, "instructions": [_parsed(each, keys) for each in group["instructions"]]}
        for group in meta["innerInstructions"]
    ]
    rest = {name: value for name, value in meta.items() if name != "loadedAddresses"}
    return {**rest, "innerInstructions": inner}


def _raw_instructions(transaction: VersionedTransaction) -> list[dict[str, Any]]:
    return [
        {
            "programIdIndex": each.program_id_index,
            "accounts": list(each.accounts),
            "data": to_base58(bytes(each.data)),
            "stackHeight": 1,
        }
        for each in transaction.message.instructions
    ]


def _lookups(transaction: VersionedTransaction) -> dict[str, Any]:
    if not isinstance(transaction.message, MessageV0):
        return {}
    return {
        "addressTableLookups": [
            {
                "accountKey": str(lookup.account_key),
                "writableIndexes": list(lookup.writable_indexes),
                "readonlyIndexes": list(lookup.readonly_indexes),
            }
            for lookup in transaction.message.address_table_lookups
        ]
    }


def _all_keys(transaction: VersionedTransaction, meta: dict[str, Any]) -> list[str]:
    loaded = meta["loadedAddresses"]
    static = [str(key) for key in transaction.message.account_keys]
    return [*static, *loaded["writable"], *loaded["readonly"]]


def _described_keys(
    transaction: VersionedTransaction, meta: dict[str, Any]
) -> list[dict[str, Any]]:
    message, header = transaction.message, transaction.message.header
    signers, count = header.num_required_signatures, len(message.account_keys)
    shown = []
    for index, key in enumerate(message.account_keys):
        if index < signers:
            writable = index < signers - header.num_readonly_signed_accounts
        else:
            writable = index < count - header.num_readonly_unsigned_accounts
        shown.append(_described_key(str(key), index < signers, writable, "transaction"))
    for kind in ("writable", "readonly"):
        for key in meta["loadedAddresses"][kind]:
            shown.append(_described_key(key, False, kind == "writable", "lookupTable"))  # noqa: PERF401
    return shown


def _described_key(key: str, signer: bool, writable: bool, source: str) -> dict[str, Any]:
    return {"pubkey": key, "signer": signer, "writable": writable, "source": source}


def _parsed(instruction: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """Memos in words, the rest partially decoded, as a validator does with unknown programs."""
    program = keys[instruction["programIdIndex"]]
    height = instruction["stackHeight"]
    if Pubkey.from_string(program) in MEMO_PROGRAMS:
        text = memo_text(from_base58(instruction["data"]))
        return {
            "program": "spl-memo",
            "programId": program,
            "parsed": text,
            "stackHeight": height,
        }
    accounts = [keys[index] for index in instruction["accounts"]]
    data = instruction["data"]
    return {"programId": program, "accounts": accounts, "data": data, "stackHeight": height}
