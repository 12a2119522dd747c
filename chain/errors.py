"""What can go wrong on the chain, in two kinds: try again, or final.

Both tables map what a node says to (exception, stable code, sentence). Anything that they
do not name counts as `ChainUnavailable`: a wrong "try again" costs time, a wrong "final"
could cost somebody an NFT.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class ChainError(Exception):
    """`code` is stable, for programs; `message` is a sentence for a person."""

    def __init__(self, code: str, message: str):
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ChainUnavailable(ChainError):
    """The chain gave no usable answer: the same call may work later."""


class ChainRejected(ChainError):
    """The chain, or a rule about it, said no: the same call will never work."""


_KIND: Mapping[bool, type[ChainError]] = {False: ChainUnavailable, True: ChainRejected}

# JSON-RPC error code -> (final, code, sentence).
# Source: solana-rpc-client-api, custom_error.rs, and the JSON-RPC 2.0 specification.
RPC_ERRORS: Mapping[int, tuple[bool, str, str]] = {
    -32003: (True, "INVALID_SIGNATURE", "A signature of the transaction is not valid."),
    -32006: (True, "INVALID_TRANSACTION", "A signature check inside the transaction failed."),
    -32013: (True, "INVALID_SIGNATURE", "The transaction has the wrong number of signatures."),
    -32015: (True, "UNSUPPORTED_TRANSACTION", "This version of transaction is not supported."),
    -32600: (False, "RPC_PROTOCOL_ERROR", "The Solana node did not understand the request."),
    -32601: (False, "RPC_PROTOCOL_ERROR", "The Solana node does not offer this method."),
    -32602: (True, "INVALID_REQUEST", "The Solana node refused the values sent to it."),
    -32004: (False, "BLOCK_NOT_AVAILABLE", "The Solana node does not have that block yet."),
    -32005: (False, "NODE_BEHIND", "The Solana node is behind the cluster."),
    -32011: (False, "HISTORY_NOT_AVAILABLE", "The Solana node keeps no transaction history."),
    -32014: (False, "BLOCK_NOT_AVAILABLE", "The Solana node does not know that block yet."),
    -32016: (False, "NODE_BEHIND", "The Solana node has not reached a slot already seen."),
}

# Only these questions carry or name a transaction. A node (or a proxy before it) that calls a
# transaction invalid in answer to any other question says nothing that could be final.
ABOUT_A_TRANSACTION = frozenset({"sendTransaction", "simulateTransaction", "getTransaction"})
_VERDICTS = frozenset({-32003, -32006, -32013, -32015})

_FEES = "The account that pays has too few lamports."

# TransactionError -> (final, code, sentence). Source: solana-transaction-error.
TRANSACTION_ERRORS: Mapping[str, tuple[bool, str, str]] = {
    "InstructionError": (True, "TRANSACTION_FAILED", "The transaction failed on chain."),
    "AlreadyProcessed": (False, "ALREADY_PROCESSED", "The cluster has the transaction already."),
    "BlockhashNotFound": (False, "BLOCKHASH_NOT_FOUND", "The node does not know the blockhash."),
    "AccountNotFound": (False, "FEE_PAYER_EMPTY", _FEES),
    "InsufficientFundsForFee": (False, "FEE_PAYER_EMPTY", _FEES),
    "InsufficientFundsForRent": (False, "FEE_PAYER_EMPTY", _FEES),
    "SignatureFailure": (True, "INVALID_SIGNATURE", "A signature is not valid."),
    "MissingSignatureForFee": (True, "INVALID_SIGNATURE", "The payer's signature is missing."),
    "SanitizeFailure": (True, "INVALID_TRANSACTION", "The transaction is malformed."),
    "UnsupportedVersion": (True, "UNSUPPORTED_TRANSACTION", "Unsupported transaction version."),
    "AddressLookupTableNotFound": (True, "INVALID_TRANSACTION", "A lookup table is missing."),
    "InvalidAddressLookupTableIndex": (True, "INVALID_TRANSACTION", "A lookup index is wrong."),
}


def transaction_error_name(error: object) -> str:
    """A node writes an error as `"Name"` or as `{"Name": details}`."""
    if isinstance(error, dict) and error:
        return str(next(iter(error)))
    return str(error)


def from_transaction_error(error: object) -> ChainError:
    name = transaction_error_name(error)
    unknown = (False, "CHAIN_ERROR", f"The chain answered {name[:80]}.")
    final, code, message = TRANSACTION_ERRORS.get(name, unknown)
    return _KIND[final](code, message)


def from_rpc_error(method: str, code: int, data: Any) -> ChainError:
    """The node's own text is left out: it may repeat what was sent to it."""
    if code in _VERDICTS and method not in ABOUT_A_TRANSACTION:
        return ChainUnavailable("RPC_BAD_REPLY", f"{method} was answered with error {code}.")
    if isinstance(data, dict) and data.get("err"):
        return from_transaction_error(data["err"])
    unknown = (False, "RPC_ERROR", f"The Solana node answered with error {code}.")
    final, name, message = RPC_ERRORS.get(code, unknown)
    return _KIND[final](name, message)


def from_http_status(status: int) -> ChainUnavailable:
    if status == 429:
        return ChainUnavailable("RPC_RATE_LIMITED", "The Solana node limits our requests.")
    return ChainUnavailable("RPC_HTTP_ERROR", f"The Solana node answered HTTP {status}.")


def is_panic(error: BaseException) -> bool:
    """A Rust panic inside solders. Its class is a BaseException that cannot be imported."""
    return type(error).__name__ == "PanicException"


@contextmanager
def panics_as_unavailable() -> Iterator[None]:
    panicked = False
    try:
        yield
    except BaseException as error:
        if not is_panic(error):
            raise
        panicked = True
    if panicked:  # raised out here, so that the panic's text is not chained to it
        raise ChainUnavailable("CLIENT_PANIC", "The Solana library failed on an answer.")
