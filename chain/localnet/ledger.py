"""One chain with one validator: slots, accounts, blockhashes, and what is final.

The SVM (`solders.litesvm`) executes; this module gives it time. A transaction lands in the
current slot (`processed`), is `confirmed` one slot later and `finalized` after `finality`
slots. Until then its changes are in the undo log, which answers reads at an older commitment
and lets a test abandon slots as a fork would. LiteSVM is not thread-safe: one thread only.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, cast

from solders.account import Account
from solders.hash import Hash
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from .errors import invalid_params
from .messages import Keys
from .receipts import Receipt, execute
from .storage import Block, Storage, StoredTransaction
from .token_index import TokenIndex

Commitment = Literal["processed", "confirmed", "finalized"]
BLOCKHASH_WINDOW = 150  # blocks for which a blockhash is accepted, as on a cluster
DEFAULT_FINALITY = 32
FAUCET_LAMPORTS = 500_000_000 * 10**9
_NO_ACCOUNT = Account(0, b"", Pubkey.default())  # writing this removes an account


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction that just landed: what subscribers are told."""

    stored: StoredTransaction
    receipt: Receipt


class Ledger:
    """`now` is in seconds since 1970 everywhere; balances are in lamports."""

    slot: int
    first_slot: int
    _genesis: bytes

    def __init__(self, storage: Storage, *, now: float, finality: int = DEFAULT_FINALITY):
        self.storage = storage
        self.finality = finality
        self.tokens = TokenIndex()
        # History 0: LiteSVM would refuse a transaction again that a fork had dropped; duplicates,
        # signatures and blockhashes are checked here and in `submission`.
        self.svm = (
            LiteSVM().with_blockhash_check(False).with_sigverify(False).with_transaction_history(0)
        )
        self._undo: dict[int, dict[Pubkey, Account | None]] = {}
        self._blocks: dict[int, Block] = {}
        self._slot_of_hash: dict[bytes, int] = {}
        if storage.fact("genesis") is None:
            self._begin(now)
        self._load()
        self.tick(now)

    # reading

    @property
    def genesis_hash(self) -> Hash:
        return Hash.from_bytes(self._genesis)

    @property
    def faucet(self) -> Keypair:
        """Holds the initial supply; anybody may have some of it, so its key needs no secret."""
        return Keypair.from_seed(hashlib.sha256(b"localnet faucet" + self._genesis).digest())

    def slot_at(self, commitment: Commitment) -> int:
        depth = {"processed": 0, "confirmed": 1, "finalized": self.finality}[commitment]
        return max(self.first_slot, self.slot - depth)

    def height_at(self, commitment: Commitment) -> int:
        """Every slot has a block here."""
        return self.slot_at(commitment) - self.first_slot

    def block_at(self, slot: int) -> Block | None:
        """None for a slot that is not yet reached, or long past."""
        return self._blocks.get(slot)

    def blockhash_at(self, slot: int) -> Hash:
        """`slot` is one that a commitment names now."""
        return Hash.from_bytes(self._blocks[slot].blockhash)

    def last_valid_height(self, slot: int) -> int:
        """The last block height at which the blockhash of `slot` is accepted."""
        return slot - self.first_slot + BLOCKHASH_WINDOW

    def commitment_of(self, slot: int) -> Commitment:
        if slot <= self.slot_at("finalized"):
            return "finalized"
        return "confirmed" if slot <= self.slot_at("confirmed") else "processed"

    def account(self, address: Pubkey, *, at_slot: int) -> Account | None:
        for slot, before in self._undo.items():
            if slot > at_slot and address in before:
                return before[address]
        return self._current(address)

    def accounts_of_program(
        self, program: Pubkey, *, at_slot: int
    ) -> Iterator[tuple[Pubkey, Account]]:
        addresses = {address for address, _ in self.svm.get_program_accounts(program)}
        for slot, before in self._undo.items():
            if slot > at_slot:
                addresses.update(before)
        for address in sorted(addresses, key=bytes):
            account = self.account(address, at_slot=at_slot)
            if account is not None and account.owner == program:
                yield address, account

    def accepts_blockhash(self, blockhash: Hash, *, at_slot: int) -> bool:
        slot = self._slot_of_hash.get(bytes(blockhash))
        return slot is not None and slot <= at_slot <= slot + BLOCKHASH_WINDOW

    @contextmanager
    def as_of(self, slot: int, addresses: Iterable[Pubkey]) -> Iterator[None]:
        """Show the SVM these accounts as they were at an older slot (for a simulation)."""
        current = {address: self._current(address) for address in addresses}
        older = {address: self.account(address, at_slot=slot) for address in current}
        changed = [address for address in current if current[address] != older[address]]
        try:
            self._write({address: older[address] for address in changed})
            yield
        finally:
            self._write({address: current[address] for address in changed})

    # writing

    def tick(self, now: float) -> None:
        """The next slot begins."""
        slot = self.slot + 1
        block = Block(slot, os.urandom(32), int(now))
        self.storage.add_block(block, final_slot=slot - self.finality)
        self.slot = slot
        self._remember(block)
        for old in [key for key in self._undo if key <= slot - self.finality]:
            del self._undo[old]
        self._set_sysvars()

    def land(self, transaction: VersionedTransaction, keys: Keys) -> Landed | None:
        """Execute in the current slot. None when it could not even pay, so never landed."""
        before = {key: self._current(key) for key in keys.all}
        try:
            receipt = execute(self.svm, transaction, keys, before=before)
            if receipt is None:
                return None
            stored = receipt.to_store(slot=self.slot, unix_time=self._blocks[self.slot].unix_time)
            after = {key: receipt.after[key] for key in receipt.changed}
            undone = {key: before[key] for key in receipt.changed}
            self.storage.add_transaction(stored, mentions=keys.all, before=undone, after=after)
        except BaseException:
            # What is not kept did not happen.
            self._write({key: old for key, old in before.items() if self._current(key) != old})
            raise
        undo = self._undo.setdefault(self.slot, {})
        for key, account in undone.items():
            undo.setdefault(key, account)
        self.tokens.note(after)
        return Landed(stored, receipt)

    def rollback(self, slots: int) -> None:
        """Abandon the newest slots, as when the cluster chooses another fork (for tests).

        Slot numbers do not go back: the new fork has empty blocks there, with other hashes.
        """
        above = self.slot - slots
        if not 0 < slots <= self.finality or above < self.first_slot:
            raise invalid_params("only slots that are not finalized can be rolled back")
        restored = self._as_before(above)
        blocks = [
            Block(slot, os.urandom(32), self._blocks[slot].unix_time)
            for slot in range(above + 1, self.slot + 1)
        ]
        self.storage.drop_slots(above=above, restored=restored, blocks=blocks)
        self._write(restored)
        for slot in [slot for slot in self._undo if slot > above]:
            del self._undo[slot]
        for block in blocks:
            del self._slot_of_hash[self._blocks[block.slot].blockhash]
            self._remember(block)
        self._set_sysvars()

    # parts

    def _begin(self, now: float) -> None:
        genesis = os.urandom(32)
        first_slot = self.svm.get_clock().slot
        self._genesis = genesis
        faucet = Account(FAUCET_LAMPORTS, b"", Pubkey.default())
        self.storage.begin_ledger(
            {"genesis": genesis, "first_slot": first_slot},
            {self.faucet.pubkey(): faucet},
            Block(first_slot, genesis, int(now)),
        )

    def _load(self) -> None:
        self._genesis = cast(bytes, self.storage.fact("genesis"))
        self.first_slot = cast(int, self.storage.fact("first_slot"))
        for block in self.storage.blocks():
            self._remember(block)
        self.slot = max(self._blocks)
        for address, account in self.storage.accounts():
            self.svm.set_account(address, account)
            self.tokens.note({address: account})
        for slot, address, before in self.storage.undo():
            self._undo.setdefault(slot, {})[address] = before
            self.tokens.note({address: before})

    def _remember(self, block: Block) -> None:
        self._blocks[block.slot] = block
        self._slot_of_hash[block.blockhash] = block.slot
        expired = self._blocks.pop(block.slot - BLOCKHASH_WINDOW - self.finality - 1, None)
        if expired is not None:
            self._slot_of_hash.pop(expired.blockhash, None)

    def _current(self, address: Pubkey) -> Account | None:
        account = self.svm.get_account(address)
        return account if account is not None and account.lamports else None

    def _as_before(self, slot: int) -> dict[Pubkey, Account | None]:
        changed = {key for at, before in self._undo.items() if at > slot for key in before}
        return {key: self.account(key, at_slot=slot) for key in changed}

    def _write(self, accounts: Mapping[Pubkey, Account | None]) -> None:
        for address, account in accounts.items():
            self.svm.set_account(address, _NO_ACCOUNT if account is None else account)

    def _set_sysvars(self) -> None:
        """The clock, and the slot hashes that address lookup tables are created against."""
        self.svm.warp_to_slot(self.slot)
        clock = self.svm.get_clock()
        clock.unix_timestamp = self._blocks[self.slot].unix_time
        self.svm.set_clock(clock)
        recent = sorted(self._blocks, reverse=True)[1 : BLOCKHASH_WINDOW + 1]
        self.svm.set_slot_hashes([(slot, self.blockhash_at(slot)) for slot in recent])
