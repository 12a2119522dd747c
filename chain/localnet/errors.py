"""JSON-RPC errors as a validator words them; clients match on code, message and data."""

from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
PREFLIGHT_FAILURE = -32002
SIGNATURE_FAILURE = -32003
UNSUPPORTED_VERSION = -32015
MIN_CONTEXT_SLOT = -32016

# The sentences of solana_transaction_error::TransactionError, for those that can happen here.
_TRANSACTION_ERRORS = {
    "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
    "AlreadyProcessed": "This transaction has already been processed",
    "BlockhashNotFound": "Blockhash not found",
    "InsufficientFundsForFee": "Insufficient funds for fee",
    "InvalidAccountForFee": "This account may not be used to pay transaction fees",
    "InvalidProgramForExecution": "This program may not be used for executing instructions",
    "ProgramAccountNotFound": "Attempt to load a program that does not exist",
}
_INSTRUCTION_ERRORS = {
    "GenericError": "generic instruction error",
    "IncorrectProgramId": "incorrect program id for instruction",
    "InsufficientFunds": "insufficient funds for instruction",
    "InvalidAccountData": "invalid account data for instruction",
    "InvalidArgument": "invalid program argument",
    "InvalidInstructionData": "invalid instruction data",
    "MissingRequiredSignature": "missing required signature for instruction",
    "UninitializedAccount": "instruction requires an initialized account",
}


class RpcError(Exception):
    """Answered to the client as `{"code", "message", "data"?}`."""

    def __init__(self, code: int, message: str, data: Any = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        return body if self.data is None else {**body, "data": self.data}


def invalid_params(message: str) -> RpcError:
    return RpcError(INVALID_PARAMS, message)


def invalid_request(message: str = "Invalid request") -> RpcError:
    return RpcError(INVALID_REQUEST, message)


def preflight_failure(error: Any, *, logs: list[str], units: int) -> RpcError:
    """`data` must be complete: solders panics when a -32002 comes without it."""
    data = {
        "err": error,
        "logs": logs,
        "accounts": None,
        "unitsConsumed": units,
        "returnData": None,
        "innerInstructions": None,
        "replacementBlockhash": None,
    }
    return RpcError(PREFLIGHT_FAILURE, f"Transaction simulation failed: {describe(error)}", data)


def describe(error: Any) -> str:
    """A transaction error in its JSON form, as the sentence that a validator logs."""
    if isinstance(error, str):
        return _TRANSACTION_ERRORS.get(error, error)
    name, detail = next(iter(error.items()))
    if name == "InstructionError":
        return f"Error processing Instruction {detail[0]}: {_describe_instruction(detail[1])}"
    if name == "InsufficientFundsForRent":
        index = detail["account_index"]
        return f"Transaction results in an account ({index}) with insufficient funds for rent"
    return f"{name}: {detail}"


def _describe_instruction(error: Any) -> str:
    if isinstance(error, str):
        return _INSTRUCTION_ERRORS.get(error, error)
    if "Custom" in error:
        return f"custom program error: {error['Custom']:#x}"
    return str(error)
