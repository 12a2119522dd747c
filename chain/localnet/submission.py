"""The way of a transaction: decoded, checked, simulated, and executed once.

The rules and their order are a validator's (agave `rpc.rs` send_transaction): with preflight
the sender hears what is wrong, without it a bad transaction is dropped in silence. Durable
nonces are not supported: their blockhash is not in the window.
"""

from dataclasses import dataclass
from typing import Any

from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, SimulatedTransactionInfo

from .errors import INTERNAL_ERROR, SIGNATURE_FAILURE, RpcError, preflight_failure
from .ledger import Commitment, Landed, Ledger
from .messages import Keys, message_hash, parse_transaction, resolve_keys
from .receipts import error_json

_AIRDROP_UNITS = 1_000


@dataclass(frozen=True, slots=True)
class Simulation:
    """`outcome` is None when the transaction was refused before the SVM saw it."""

    error: Any
    keys: Keys
    outcome: FailedTransactionMetadata | SimulatedTransactionInfo | None

    @property
    def logs(self) -> list[str]:
        return [] if self.outcome is None else self.outcome.meta().logs()

    @property
    def units(self) -> int:
        return 0 if self.outcome is None else self.outcome.meta().compute_units_consumed()

    def after(self, address: Pubkey) -> Account | None:
        """The account as a successful simulation left it; None when it was not touched."""
        if not isinstance(self.outcome, SimulatedTransactionInfo):
            return None
        return dict(self.outcome.post_accounts()).get(address)


def send(ledger: Ledger, raw: bytes, *, preflight: Commitment | None) -> tuple[str, Landed | None]:
    """The signature, and what landed. `preflight` names the state to simulate on; None skips."""
    transaction = parse_transaction(raw)
    signature = str(transaction.signatures[0])
    if preflight is not None:
        check_signatures(transaction)
        simulation = simulate(ledger, transaction, commitment=preflight)
        if simulation.error is not None:
            raise preflight_failure(simulation.error, logs=simulation.logs, units=simulation.units)
    return signature, _process(ledger, transaction)


def check_signatures(transaction: VersionedTransaction) -> None:
    if not all(transaction.verify_with_results()):
        raise RpcError(SIGNATURE_FAILURE, "Transaction signature verification failure")


def simulate(
    ledger: Ledger,
    transaction: VersionedTransaction,
    *,
    commitment: Commitment,
    check_blockhash: bool = True,
) -> Simulation:
    slot = ledger.slot_at(commitment)
    keys = resolve_keys(transaction, lambda key: ledger.account(key, at_slot=slot))
    if check_blockhash:
        refused = _refuse(ledger, transaction, at_slot=slot)
        if refused is not None:
            return Simulation(refused, keys, None)
    with ledger.as_of(slot, keys.all):
        outcome = ledger.svm.simulate_transaction(transaction)
    return Simulation(error_json(outcome), keys, outcome)


def airdrop(ledger: Ledger, to: Pubkey, lamports: int) -> tuple[str, Landed | None]:
    """A real transfer from the faucet."""
    # The compute limit makes two airdrops of one amount in one slot different transactions.
    units = _AIRDROP_UNITS + ledger.storage.count_transactions() % 1_000_000
    message = MessageV0.try_compile(
        ledger.faucet.pubkey(),
        [
            set_compute_unit_limit(units),
            transfer(
                TransferParams(from_pubkey=ledger.faucet.pubkey(), to_pubkey=to, lamports=lamports)
            ),
        ],
        [],
        ledger.blockhash_at(ledger.slot),
    )
    raw = bytes(VersionedTransaction(message, [ledger.faucet]))
    signature, landed = send(ledger, raw, preflight="processed")
    if landed is None or landed.receipt.meta["err"] is not None:
        raise RpcError(INTERNAL_ERROR, "Internal error: the airdrop did not land")
    return signature, landed


def _process(ledger: Ledger, transaction: VersionedTransaction) -> Landed | None:
    """What a leader does with a packet: what is not valid now is dropped."""
    if not all(transaction.verify_with_results()):
        return None
    if _refuse(ledger, transaction, at_slot=ledger.slot) is not None:
        return None
    try:
        keys = resolve_keys(transaction, lambda key: ledger.account(key, at_slot=ledger.slot))
    except RpcError:
        return None
    return ledger.land(transaction, keys)


def _refuse(ledger: Ledger, transaction: VersionedTransaction, *, at_slot: int) -> str | None:
    if not ledger.accepts_blockhash(transaction.message.recent_blockhash, at_slot=at_slot):
        return "BlockhashNotFound"
    known = ledger.storage.transaction_of_message(message_hash(transaction))
    if known is not None and known.slot <= at_slot:
        return "AlreadyProcessed"
    return None
