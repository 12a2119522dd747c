"""Token-2022: the instructions that solana-py has no builder for, and the account layouts.

Sources: spl-token-2022 (state.rs, extension/mod.rs) and spl-token-metadata-interface.
"""

import struct
from collections.abc import Iterator
from hashlib import sha256

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from chain.records import TOKEN_2022, MintAccount, TokenAccount

PROGRAM = Pubkey.from_string(TOKEN_2022)

BURN, BURN_CHECKED, BATCH = 8, 15, 255
METADATA_POINTER, TOKEN_METADATA = 18, 19

_ACCOUNT_LENGTH = 165  # of a token account; mints are padded to it before extensions
_ACCOUNT_TYPE_MINT, _ACCOUNT_TYPE_TOKEN = 1, 2
_TLV_START = 166
_TLV_HEADER = 4
_NO_KEY = bytes(32)
_FROZEN = 2

POINTER_SPACE = _TLV_START + _TLV_HEADER + 64


def _discriminator(name: str) -> bytes:
    return sha256(f"spl_token_metadata_interface:{name}".encode()).digest()[:8]


_INITIALIZE = _discriminator("initialize_account")
_UPDATE_FIELD = _discriminator("updating_field")
_UPDATE_AUTHORITY = _discriminator("update_the_authority")


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<I", len(raw)) + raw


def metadata_space(name: str, symbol: str, uri: str, fields: dict[str, str]) -> int:
    """Bytes of the TokenMetadata extension, header included."""
    texts = [name, symbol, uri, *fields.keys(), *fields.values()]
    return _TLV_HEADER + 64 + sum(len(_text(text)) for text in texts) + 4


def initialize_metadata_pointer(mint: Pubkey) -> Instruction:
    """The mint points at itself, and nobody can change that."""
    data = bytes([39, 0]) + _NO_KEY + bytes(mint)
    return Instruction(PROGRAM, data, [AccountMeta(mint, False, True)])


def initialize_metadata(
    *, mint: Pubkey, authority: Pubkey, name: str, symbol: str, uri: str
) -> Instruction:
    data = _INITIALIZE + _text(name) + _text(symbol) + _text(uri)
    accounts = [
        AccountMeta(mint, False, True),
        AccountMeta(authority, False, False),
        AccountMeta(mint, False, False),
        AccountMeta(authority, True, False),
    ]
    return Instruction(PROGRAM, data, accounts)


def update_field(*, mint: Pubkey, authority: Pubkey, key: str, value: str) -> Instruction:
    custom_key = b"\x03"
    data = _UPDATE_FIELD + custom_key + _text(key) + _text(value)
    return Instruction(PROGRAM, data, _mint_and_authority(mint, authority))


def remove_update_authority(*, mint: Pubkey, authority: Pubkey) -> Instruction:
    return Instruction(PROGRAM, _UPDATE_AUTHORITY + _NO_KEY, _mint_and_authority(mint, authority))


def _mint_and_authority(mint: Pubkey, authority: Pubkey) -> list[AccountMeta]:
    return [AccountMeta(mint, False, True), AccountMeta(authority, True, False)]


def parse_token_account(data: bytes) -> TokenAccount | None:
    """None when the bytes are no initialized token account."""
    long_enough = len(data) >= _ACCOUNT_LENGTH
    if not long_enough or (len(data) > _ACCOUNT_LENGTH and data[165] != _ACCOUNT_TYPE_TOKEN):
        return None
    if data[108] == 0:
        return None
    return TokenAccount(
        mint=str(Pubkey.from_bytes(data[:32])),
        owner=str(Pubkey.from_bytes(data[32:64])),
        amount=int.from_bytes(data[64:72], "little"),
        frozen=data[108] == _FROZEN,
    )


def parse_mint(
    data: bytes, *, address: str, lamports: int, slot: int | None = None
) -> MintAccount | None:
    """None when the bytes are no initialized mint, or are damaged."""
    plain = len(data) == 82
    if not plain and (len(data) < _TLV_START or data[165] != _ACCOUNT_TYPE_MINT):
        return None
    if data[45] != 1:
        return None
    try:
        extensions = dict(_extensions(data[_TLV_START:]))
        metadata = _Metadata(extensions.get(TOKEN_METADATA, b""))
    except (struct.error, UnicodeDecodeError, ValueError):
        return None
    return MintAccount(
        address=address,
        owner_program=TOKEN_2022,
        supply=int.from_bytes(data[36:44], "little"),
        decimals=data[44],
        mint_authority=_optional_key(data[0:36]),
        freeze_authority=_optional_key(data[46:82]),
        update_authority=metadata.update_authority,
        name=metadata.name,
        symbol=metadata.symbol,
        uri=metadata.uri,
        fields=metadata.fields,
        lamports=lamports,
        extensions=tuple(sorted(extensions)),
        slot=slot,
    )


def _optional_key(data: bytes) -> str | None:
    """A COption<Pubkey>: four bytes say whether the 32 that follow count."""
    return str(Pubkey.from_bytes(data[4:36])) if data[0] else None


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + _TLV_HEADER <= len(data):
        kind, length = struct.unpack_from("<HH", data, offset)
        if kind == 0:
            return
        offset += _TLV_HEADER
        if offset + length > len(data):
            raise ValueError("an extension runs over the end of the account")
        yield kind, data[offset : offset + length]
        offset += length


class _Metadata:
    """TokenMetadata: update authority, mint, name, symbol, uri, then key and value pairs."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 64
        self.update_authority: str | None = None
        self.name = self.symbol = self.uri = ""
        self.fields: tuple[tuple[str, str], ...] = ()
        if data:
            self._read()

    def _read(self) -> None:
        if self._data[:32] != _NO_KEY:
            self.update_authority = str(Pubkey.from_bytes(self._data[:32]))
        self.name, self.symbol, self.uri = self._string(), self._string(), self._string()
        self.fields = tuple((self._string(), self._string()) for _ in range(self._number()))

    def _number(self) -> int:
        value: int = struct.unpack_from("<I", self._data, self._offset)[0]
        self._offset += 4
        return value

    def _string(self) -> str:
        length = self._number()
        raw = self._data[self._offset : self._offset + length]
        if len(raw) != length:
            raise ValueError("a text runs over the end of the metadata")
        self._offset += length
        return raw.decode()
