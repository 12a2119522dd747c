"""An account as JSON-RPC shows it."""

from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey

from .encoding import encode_data
from .errors import invalid_params
from .ledger import Ledger
from .params import Config
from .tokens import parse_holding, parse_mint, parsed_json

ENCODINGS = ("binary", "base58", "base64", "jsonParsed")
RENT_EXEMPT_EPOCH = 2**64 - 1


def read_encoding(config: Config, default: str = "binary") -> str:
    encoding = config.text("encoding", default)
    if encoding not in ENCODINGS:
        raise invalid_params(f"Invalid params: unsupported encoding {encoding!r}")
    return encoding


def account_json(
    ledger: Ledger, account: Account, *, encoding: str, at_slot: int, data_slice: Config | None
) -> dict[str, Any]:
    data = bytes(account.data)
    shown: Any = None
    if encoding == "jsonParsed":
        shown = parsed_json(account, _decimals(ledger, account, at_slot))
    if shown is None:
        shown = encode_data(_cut(data, data_slice), encoding)
    return {
        "lamports": account.lamports,
        "data": shown,
        "owner": str(account.owner),
        "executable": account.executable,
        "rentEpoch": RENT_EXEMPT_EPOCH,
        "space": len(data),
    }


def missing_account_json(encoding: str) -> dict[str, Any]:
    """What a subscriber is told when an account is gone."""
    return {
        "lamports": 0,
        "data": encode_data(b"", encoding),
        "owner": str(Pubkey.default()),
        "executable": False,
        "rentEpoch": 0,
        "space": 0,
    }


def _decimals(ledger: Ledger, account: Account, at_slot: int) -> int | None:
    holding = parse_holding(account)
    if holding is None:
        return None
    mint = parse_mint(ledger.account(holding.mint, at_slot=at_slot))
    return None if mint is None else mint.decimals


def _cut(data: bytes, data_slice: Config | None) -> bytes:
    if data_slice is None:
        return data
    offset = data_slice.integer("offset") or 0
    length = data_slice.integer("length") or 0
    return data[offset : offset + length]
