"""Executing one transaction and writing down what it did, as getTransaction's `meta`."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solders.account import Account
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from .encoding import to_base58, ui_amount
from .messages import Keys, fmt_memos, message_hash
from .storage import StoredTransaction
from .tokens import parse_holding, parse_mint

Accounts = Mapping[Pubkey, Account | None]


@dataclass(frozen=True, slots=True)
class Receipt:
    transaction: VersionedTransaction
    keys: Keys
    meta: dict[str, Any]
    after: Accounts
    changed: tuple[Pubkey, ...]

    def to_store(self, *, slot: int, unix_time: int) -> StoredTransaction:
        return StoredTransaction(
            signature=str(self.transaction.signatures[0]),
            message_hash=message_hash(self.transaction),
            slot=slot,
            unix_time=unix_time,
            raw=bytes(self.transaction),
            meta=json.dumps(self.meta),
            memo=fmt_memos(self.transaction),
        )


def execute(
    svm: LiteSVM, transaction: VersionedTransaction, keys: Keys, *, before: Accounts
) -> Receipt | None:
    """None when the fee payer was not charged: such a transaction is in no block."""
    outcome = svm.send_transaction(transaction)
    after = {key: _present(svm.get_account(key)) for key in keys.all}
    changed = tuple(key for key in after if after[key] != before[key])
    failed = isinstance(outcome, FailedTransactionMetadata)
    if failed and keys.static[0] not in changed:
        return None
    error = error_json(outcome)
    meta = {
        "err": error,
        "status": {"Ok": None} if error is None else {"Err": error},
        **_meta(outcome.meta() if isinstance(outcome, FailedTransactionMetadata) else outcome),
        "preBalances": _balances(keys, before),
        "postBalances": _balances(keys, after),
        "preTokenBalances": _token_balances(keys, before, svm),
        "postTokenBalances": _token_balances(keys, after, svm),
        "rewards": [],
        "loadedAddresses": {
            "writable": [str(key) for key in keys.writable],
            "readonly": [str(key) for key in keys.readonly],
        },
    }
    return Receipt(transaction, keys, meta, after, changed)


def error_json(outcome: Any) -> Any:
    """The transaction error in its JSON form; None for success."""
    if not isinstance(outcome, FailedTransactionMetadata):
        return None
    return json.loads(outcome.to_json())["err"]


def inner_instructions(meta: TransactionMetadata) -> list[dict[str, Any]]:
    """Calls that programs made, grouped by the top-level instruction that led to them."""
    return [
        {
            "index": index,
            "instructions": [
                {
                    "programIdIndex": inner.instruction().program_id_index,
                    "accounts": list(inner.instruction().accounts),
                    "data": to_base58(bytes(inner.instruction().data)),
                    "stackHeight": inner.stack_height(),
                }
                for inner in group
            ],
        }
        for index, group in enumerate(meta.inner_instructions())
        if group
    ]


def return_data(meta: TransactionMetadata) -> dict[str, Any] | None:
    data = meta.return_data()
    if not data.data:
        return None
    encoded = base64.b64encode(data.data).decode()
    return {"programId": str(data.program_id), "data": [encoded, "base64"]}


def _meta(meta: TransactionMetadata) -> dict[str, Any]:
    described: dict[str, Any] = {
        "fee": meta.fee(),
        "innerInstructions": inner_instructions(meta),
        "logMessages": meta.logs(),
        "computeUnitsConsumed": meta.compute_units_consumed(),
    }
    returned = return_data(meta)
    return described if returned is None else {**described, "returnData": returned}


def _balances(keys: Keys, accounts: Accounts) -> list[int]:
    found = (accounts[key] for key in keys.all)
    return [account.lamports if account is not None else 0 for account in found]


def _token_balances(keys: Keys, accounts: Accounts, svm: LiteSVM) -> list[dict[str, Any]]:
    balances = []
    for index, key in enumerate(keys.all):
        holding = parse_holding(accounts[key])
        if holding is None:
            continue
        mint = parse_mint(accounts.get(holding.mint) or svm.get_account(holding.mint))
        if mint is not None:
            balances.append(
                {
                    "accountIndex": index,
                    "mint": str(holding.mint),
                    "owner": str(holding.owner),
                    "programId": str(accounts[key].owner),  # type: ignore[union-attr]
                    "uiTokenAmount": ui_amount(holding.amount, mint.decimals),
                }
            )
    return balances


def _present(account: Account | None) -> Account | None:
    return account if account is not None and account.lamports else None
