"""Reading SPL Token and Token-2022 accounts (layout: spl-token `state.rs`)."""

import struct
from dataclasses import dataclass
from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey

from .encoding import ui_amount

TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
PROGRAMS = {TOKEN: "spl-token", TOKEN_2022: "spl-token-2022"}

MINT_BYTES = 82
HOLDING_BYTES = 165
TYPE_AT = 165  # with extensions, this byte tells a mint (1) from a holding (2)
_STATES = ("uninitialized", "initialized", "frozen")


@dataclass(frozen=True, slots=True)
class Mint:
    supply: int
    decimals: int
    mint_authority: Pubkey | None
    freeze_authority: Pubkey | None
    initialized: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """A token account: what one owner has of one mint."""

    mint: Pubkey
    owner: Pubkey
    amount: int
    delegate: Pubkey | None
    delegated: int
    state: str
    native_rent: int | None
    close_authority: Pubkey | None


def parse_mint(account: Account | None) -> Mint | None:
    """None unless the account is an initialized mint of a token program."""
    if account is None or account.owner not in PROGRAMS:
        return None
    data = account.data
    if len(data) != MINT_BYTES and not _has_type(data, 1):
        return None
    mint = Mint(
        supply=struct.unpack_from("<Q", data, 36)[0],
        decimals=data[44],
        mint_authority=_optional_key(data, 0),
        freeze_authority=_optional_key(data, 46),
        initialized=data[45] == 1,
    )
    return mint if mint.initialized else None


def parse_holding(account: Account | None) -> Holding | None:
    """None unless the account is an initialized token account of a token program."""
    if account is None or account.owner not in PROGRAMS:
        return None
    data = account.data
    if len(data) != HOLDING_BYTES and not _has_type(data, 2):
        return None
    if data[108] not in (1, 2):
        return None
    return Holding(
        mint=Pubkey.from_bytes(data[:32]),
        owner=Pubkey.from_bytes(data[32:64]),
        amount=struct.unpack_from("<Q", data, 64)[0],
        delegate=_optional_key(data, 72),
        state=_STATES[data[108]],
        native_rent=struct.unpack_from("<Q", data, 113)[0] if data[109] else None,
        delegated=struct.unpack_from("<Q", data, 121)[0],
        close_authority=_optional_key(data, 129),
    )


def parsed_json(account: Account, decimals: int | None) -> dict[str, Any] | None:
    """The `jsonParsed` form; `decimals` are the mint's, None when it cannot be read.

    Extensions are left out: a client that needs them reads the bytes.
    """
    if (mint := parse_mint(account)) is not None:
        kind, info = "mint", _mint_info(mint)
    elif (holding := parse_holding(account)) is not None and decimals is not None:
        kind, info = "account", _holding_info(holding, decimals)
    else:
        return None
    return {
        "program": PROGRAMS[account.owner],
        "space": len(account.data),
        "parsed": {"type": kind, "info": info},
    }


def _mint_info(mint: Mint) -> dict[str, Any]:
    return {
        "mintAuthority": _text(mint.mint_authority),
        "supply": str(mint.supply),
        "decimals": mint.decimals,
        "isInitialized": mint.initialized,
        "freezeAuthority": _text(mint.freeze_authority),
    }


def _holding_info(holding: Holding, decimals: int) -> dict[str, Any]:
    info: dict[str, Any] = {
        "mint": str(holding.mint),
        "owner": str(holding.owner),
        "tokenAmount": ui_amount(holding.amount, decimals),
        "state": holding.state,
        "isNative": holding.native_rent is not None,
    }
    if holding.delegate is not None:
        info["delegate"] = str(holding.delegate)
        info["delegatedAmount"] = ui_amount(holding.delegated, decimals)
    if holding.native_rent is not None:
        info["rentExemptReserve"] = ui_amount(holding.native_rent, decimals)
    if holding.close_authority is not None:
        info["closeAuthority"] = str(holding.close_authority)
    return info


def _has_type(data: bytes, kind: int) -> bool:
    return len(data) > TYPE_AT and data[TYPE_AT] == kind


def _optional_key(data: bytes, at: int) -> Pubkey | None:
    """A COption<Pubkey>: four bytes that say whether, then the key."""
    present = struct.unpack_from("<I", data, at)[0]
    return Pubkey.from_bytes(data[at + 4 : at + 36]) if present else None


def _text(key: Pubkey | None) -> str | None:
    return None if key is None else str(key)
