"""What a transaction message says, before it is executed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from solders.account import Account
from solders.errors import BincodeError
from solders.message import Message, MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import SanitizeError, VersionedTransaction

from .encoding import PACKET_BYTES
from .errors import invalid_params

LOOKUP_TABLE_PROGRAM = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
_TABLE_HEADER_BYTES = 56
MEMO_PROGRAMS = {
    Pubkey.from_string("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"),
    Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"),
}


@dataclass(frozen=True, slots=True)
class Keys:
    """A transaction's accounts in index order: its own, then those from lookup tables."""

    static: tuple[Pubkey, ...]
    writable: tuple[Pubkey, ...]
    readonly: tuple[Pubkey, ...]

    @property
    def all(self) -> tuple[Pubkey, ...]:
        return self.static + self.writable + self.readonly


def parse_transaction(raw: bytes) -> VersionedTransaction:
    """An untrusted transaction, well-formed; its signatures are not checked here."""
    if len(raw) > PACKET_BYTES:
        raise invalid_params(f"transaction too large: {len(raw)} bytes (max: {PACKET_BYTES} bytes)")
    try:
        transaction = VersionedTransaction.from_bytes(raw)
    except (ValueError, BincodeError) as error:
        raise invalid_params(f"failed to deserialize transaction: {error}") from error
    try:
        transaction.sanitize()
    except SanitizeError as error:
        raise invalid_params(f"invalid transaction: {error}") from error
    if not isinstance(transaction.message, Message | MessageV0):
        raise invalid_params("invalid transaction: unsupported message version")
    return transaction


def message_hash(transaction: VersionedTransaction) -> bytes:
    """Two signatures over one message are one transaction."""
    return hashlib.sha256(to_bytes_versioned(transaction.message)).digest()


def resolve_keys(
    transaction: VersionedTransaction, read: Callable[[Pubkey], Account | None]
) -> Keys:
    message, writable, readonly = transaction.message, [], []
    for lookup in getattr(message, "address_table_lookups", ()):
        table = _read_table(read(lookup.account_key))
        writable += [_entry(table, index) for index in lookup.writable_indexes]
        readonly += [_entry(table, index) for index in lookup.readonly_indexes]
    return Keys(tuple(message.account_keys), tuple(writable), tuple(readonly))


def fmt_memos(transaction: VersionedTransaction) -> str | None:
    """`[5] hello; [3] bye`, from the top-level instructions, as getSignaturesForAddress has it."""
    message = transaction.message
    memos = [
        f"[{len(instruction.data)}] {memo_text(bytes(instruction.data))}"
        for instruction in message.instructions
        if message.account_keys[instruction.program_id_index] in MEMO_PROGRAMS
    ]
    return "; ".join(memos) or None


def memo_text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "(unparseable)"


def _read_table(account: Account | None) -> list[Pubkey]:
    if account is None:
        raise invalid_params(
            "invalid transaction: Transaction loads an address table account that doesn't exist"
        )
    if account.owner != LOOKUP_TABLE_PROGRAM or len(account.data) < _TABLE_HEADER_BYTES:
        raise invalid_params(
            "invalid transaction: Transaction loads an address table account with invalid data"
        )
    entries = account.data[_TABLE_HEADER_BYTES:]
    return [Pubkey.from_bytes(entries[at : at + 32]) for at in range(0, len(entries) - 31, 32)]


def _entry(table: list[Pubkey], index: int) -> Pubkey:
    if index >= len(table):
        raise invalid_params(
            "invalid transaction: Transaction address table lookup uses an invalid index"
        )
    return table[index]
