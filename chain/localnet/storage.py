"""The ledger's memory in SQLite: a file that outlives the process, or RAM.

A transaction is written before it is answered, in one commit with the accounts it changed,
so a killed process loses nothing that a client was told; SQLite discards a torn last write.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey

KEEP_BLOCKS = 400  # enough for the blockhash window and the slots that are not final

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (slot INTEGER PRIMARY KEY, blockhash BLOB, unix_time INTEGER);
CREATE TABLE IF NOT EXISTS accounts (address BLOB PRIMARY KEY, account BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS undo (
    slot INTEGER, address BLOB, account BLOB, PRIMARY KEY (slot, address)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS transactions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, signature TEXT NOT NULL UNIQUE,
    message_hash BLOB NOT NULL UNIQUE, slot INTEGER NOT NULL, unix_time INTEGER NOT NULL,
    raw BLOB NOT NULL, meta TEXT NOT NULL, memo TEXT
);
CREATE INDEX IF NOT EXISTS transactions_slot ON transactions (slot);
CREATE TABLE IF NOT EXISTS mentions (
    address TEXT, seq INTEGER REFERENCES transactions ON DELETE CASCADE, PRIMARY KEY (address, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mentions_seq ON mentions (seq);
"""


class StateUnusable(Exception):
    """The state file is locked by another localnet, or is not one of ours."""


@dataclass(frozen=True, slots=True)
class Block:
    slot: int
    blockhash: bytes
    unix_time: int


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    """`meta` is the JSON text of the RPC reply's `meta`; `memo` as getSignaturesForAddress has it."""

    signature: str
    message_hash: bytes
    slot: int
    unix_time: int
    raw: bytes
    meta: str
    memo: str | None

    @property
    def error(self) -> Any:
        """The transaction error in its JSON form; None for success."""
        return json.loads(self.meta)["err"]


_COLUMNS = "signature, message_hash, slot, unix_time, raw, meta, memo"


class Storage:
    def __init__(self, path: Path | None = None):
        try:
            self._db = sqlite3.connect(path or ":memory:", timeout=0.5)
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StateUnusable(f"cannot use the state file {path}: {error}") from error

    def close(self) -> None:
        self._db.close()

    # facts and blocks

    def fact(self, name: str) -> bytes | int | None:
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def begin_ledger(
        self, facts: Mapping[str, bytes | int], accounts: Mapping[Pubkey, Account], block: Block
    ) -> None:
        with self._db:
            self._db.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
            self._write_accounts(accounts)
            self._write_block(block)

    def blocks(self) -> list[Block]:
        rows = self._db.execute("SELECT slot, blockhash, unix_time FROM blocks ORDER BY slot")
        return [Block(*row) for row in rows]

    def add_block(self, block: Block, *, final_slot: int) -> None:
        """What is final cannot be undone, so its undo rows go."""
        with self._db:
            self._write_block(block)
            self._db.execute("DELETE FROM blocks WHERE slot <= ?", (block.slot - KEEP_BLOCKS,))
            self._db.execute("DELETE FROM undo WHERE slot <= ?", (final_slot,))

    # accounts

    def accounts(self) -> Iterator[tuple[Pubkey, Account]]:
        for address, account in self._db.execute("SELECT address, account FROM accounts"):
            yield Pubkey.from_bytes(address), Account.from_bytes(account)

    def undo(self) -> Iterator[tuple[int, Pubkey, Account | None]]:
        """(slot, address, the account before that slot), oldest slot first."""
        rows = self._db.execute("SELECT slot, address, account FROM undo ORDER BY slot")
        for slot, address, account in rows:
            before = None if account is None else Account.from_bytes(account)
            yield slot, Pubkey.from_bytes(address), before

    # transactions

    def add_transaction(
        self,
        transaction: StoredTransaction,
        *,
        mentions: Iterable[Pubkey],
        before: Mapping[Pubkey, Account | None],
        after: Mapping[Pubkey, Account | None],
    ) -> None:
        """`before` keeps only the first value within the slot."""
        with self._db:
            cursor = self._db.execute(
                f"INSERT INTO transactions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (
                    transaction.signature,
                    transaction.message_hash,
                    transaction.slot,
                    transaction.unix_time,
                    transaction.raw,
                    transaction.meta,
                    transaction.memo,
                ),
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO mentions VALUES (?, ?)",
                [(str(address), cursor.lastrowid) for address in mentions],
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO undo VALUES (?, ?, ?)",
                [(transaction.slot, bytes(key), _packed(old)) for key, old in before.items()],
            )
            self._write_accounts(after)

    def drop_slots(
        self, *, above: int, restored: Mapping[Pubkey, Account | None], blocks: Iterable[Block]
    ) -> None:
        """Forget what landed in slots higher than `above`; their blocks get other hashes."""
        with self._db:
            self._db.execute("DELETE FROM transactions WHERE slot > ?", (above,))
            self._db.execute("DELETE FROM undo WHERE slot > ?", (above,))
            self._write_accounts(restored)
            for block in blocks:
                self._write_block(block)

    def transaction(self, signature: str) -> StoredTransaction | None:
        return self._find("signature", signature)

    def transaction_of_message(self, message_hash: bytes) -> StoredTransaction | None:
        return self._find("message_hash", message_hash)

    def count_transactions(self) -> int:
        count: int = self._db.execute("SELECT count(*) FROM transactions").fetchone()[0]
        return count

    def mentioning(
        self, address: Pubkey, *, up_to_slot: int, before: str | None, until: str | None, limit: int
    ) -> list[StoredTransaction]:
        """Newest first. An unknown `before` gives nothing, an unknown `until` no lower end."""
        newest = self._seq(before) if before else 2**62
        oldest = (self._seq(until) if until else None) or 0
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM transactions JOIN mentions USING (seq)"  # noqa: S608
            " WHERE address = ? AND seq < ? AND seq > ? AND slot <= ? ORDER BY seq DESC LIMIT ?",
            (str(address), newest or 0, oldest, up_to_slot, limit),
        )
        return [StoredTransaction(*row) for row in rows]

    # parts

    def _find(self, column: str, value: str | bytes) -> StoredTransaction | None:
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM transactions WHERE {column} = ?",  # noqa: S608
            (value,),
        ).fetchone()
        return None if row is None else StoredTransaction(*row)

    def _seq(self, signature: str) -> int | None:
        row = self._db.execute(
            "SELECT seq FROM transactions WHERE signature = ?", (signature,)
        ).fetchone()
        return None if row is None else row[0]

    def _write_block(self, block: Block) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?)",
            (block.slot, block.blockhash, block.unix_time),
        )

    def _write_accounts(self, accounts: Mapping[Pubkey, Account | None]) -> None:
        for address, account in accounts.items():
            if account is None:
                self._db.execute("DELETE FROM accounts WHERE address = ?", (bytes(address),))
            else:
                self._db.execute(
                    "INSERT OR REPLACE INTO accounts VALUES (?, ?)",
                    (bytes(address), bytes(account)),
                )


def _packed(account: Account | None) -> bytes | None:
    return None if account is None else bytes(account)
