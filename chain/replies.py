"""From a node's JSON to records. Pure; what does not have the expected shape is
ChainUnavailable("RPC_BAD_REPLY"), because another node, or the same one later, may answer.
"""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chain.addresses import decode_base58
from chain.errors import ChainUnavailable, transaction_error_name
from chain.records import (
    TOKEN_2022,
    AccountKey,
    ConfirmedTransaction,
    ForeignAccount,
    Instruction,
    MintAccount,
    SignatureInfo,
    SignatureStatus,
    Simulation,
    TokenAccount,
    TokenBalance,
)
from chain.token2022 import parse_mint, parse_token_account

Json = Mapping[str, Any]

MEMO_PROGRAMS = frozenset(
    {
        "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr",
        "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo",
    }
)


@contextmanager
def expected_shape() -> Iterator[None]:
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        message = f"The Solana node's answer lacks something ({type(error).__name__})."
        raise ChainUnavailable("RPC_BAD_REPLY", message) from error


def read_hash(value: str) -> str:
    if len(decode_base58(value)) != 32:
        raise ValueError("not a hash")
    return value


def read_account(
    value: Json | None, *, address: str, slot: int
) -> MintAccount | ForeignAccount | None:
    """`value` of getAccountInfo in base64."""
    if value is None:
        return None
    data, lamports, owner = _bytes(value), int(value["lamports"]), str(value["owner"])
    if owner == TOKEN_2022:
        mint = parse_mint(data, address=address, lamports=lamports, slot=slot)
        if mint is not None:
            return mint
    return ForeignAccount(address, owner, lamports, len(data), slot)


def read_token_accounts(value: list[Json]) -> dict[str, TokenAccount]:
    """`value` of getTokenAccountsByOwner in base64: address -> account."""
    found = {str(item["pubkey"]): parse_token_account(_bytes(item["account"])) for item in value}
    return {address: account for address, account in found.items() if account is not None}


def read_many_token_accounts(value: list[Json | None], *, count: int) -> list[TokenAccount | None]:
    """`value` of getMultipleAccounts in base64."""
    if len(value) != count:
        raise ValueError("not one answer for each address")
    return [
        parse_token_account(_bytes(item)) if item and item["owner"] == TOKEN_2022 else None
        for item in value
    ]


def read_status(value: Json | None) -> SignatureStatus | None:
    if value is None:
        return None
    # Old nodes leave confirmationStatus out; no count of confirmations means rooted.
    rooted = "finalized" if value.get("confirmations") is None else "processed"
    confirmation = str(value.get("confirmationStatus") or rooted)
    return SignatureStatus(int(value["slot"]), confirmation, _error(value.get("err")))


def read_simulation(value: Json) -> Simulation:
    """`value` of simulateTransaction."""
    logs = tuple(str(line) for line in value.get("logs") or [])
    return Simulation(_error(value["err"]), int(value.get("unitsConsumed") or 0), logs)


def read_signature_info(value: Json) -> SignatureInfo:
    return SignatureInfo(
        signature=str(value["signature"]),
        slot=int(value["slot"]),
        error=_error(value.get("err")),
        memo=value.get("memo"),
    )


def read_transaction(value: Json, *, signature: str) -> ConfirmedTransaction:
    """Result of getTransaction in `json`, with maxSupportedTransactionVersion 0."""
    meta, message = value["meta"], value["transaction"]["message"]
    keys = _account_keys(message, meta)
    instructions = tuple(_instructions(message, meta, keys))
    block_time = value.get("blockTime")
    return ConfirmedTransaction(
        signature=signature,
        slot=int(value["slot"]),
        block_time=None if block_time is None else int(block_time),
        error=_error(meta["err"]),
        fee=int(meta["fee"]),
        account_keys=keys,
        instructions=instructions,
        pre_token_balances=_balances(meta["preTokenBalances"], keys),
        post_token_balances=_balances(meta["postTokenBalances"], keys),
        memos=tuple(
            item.data.decode(errors="replace")
            for item in instructions
            if item.program in MEMO_PROGRAMS
        ),
    )


def _account_keys(message: Json, meta: Json) -> tuple[AccountKey, ...]:
    """The order of the indexes: the message's own keys, then loaded writable, then read-only."""
    signers = int(message["header"]["numRequiredSignatures"])
    loaded = meta.get("loadedAddresses") or {"writable": [], "readonly": []}
    own = [AccountKey(str(key), at < signers) for at, key in enumerate(message["accountKeys"])]
    others = [*loaded["writable"], *loaded["readonly"]]
    return (*own, *(AccountKey(str(key), False) for key in others))


def _instructions(message: Json, meta: Json, keys: tuple[AccountKey, ...]) -> Iterator[Instruction]:
    """In the order in which they ran: each one of the message, then what it called."""
    inner = {item["index"]: item["instructions"] for item in meta["innerInstructions"] or []}
    for index, outer in enumerate(message["instructions"]):
        for item in (outer, *inner.get(index, [])):
            accounts = tuple(_key(keys, at).address for at in item["accounts"])
            program = _key(keys, item["programIdIndex"]).address
            yield Instruction(program, accounts, decode_base58(item["data"]))


def _key(keys: tuple[AccountKey, ...], index: int) -> AccountKey:
    if index < 0:  # Python would count from the end
        raise IndexError(index)
    return keys[index]


def _balances(items: list[Json] | None, keys: tuple[AccountKey, ...]) -> tuple[TokenBalance, ...]:
    return tuple(
        TokenBalance(
            account=_key(keys, item["accountIndex"]).address,
            mint=str(item["mint"]),
            owner=str(item["owner"]),
            amount=int(item["uiTokenAmount"]["amount"]),
        )
        for item in items or []
    )


def _bytes(account: Json) -> bytes:
    text, encoding = account["data"]
    if encoding != "base64":
        raise ValueError(encoding)
    return base64.b64decode(text, validate=True)


def _error(value: object) -> str | None:
    return None if value is None else transaction_error_name(value)
