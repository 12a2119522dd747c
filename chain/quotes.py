"""What a transaction of ours costs whoever pays for it, and which accounts it names."""

import struct
from dataclasses import dataclass

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

LAMPORTS_A_SIGNATURE = 5_000
COMPUTE_BUDGET = "ComputeBudget111111111111111111111111111111"
_SET_UNIT_LIMIT, _SET_UNIT_PRICE = 2, 3
_UNITS_AN_INSTRUCTION, _MOST_UNITS = 200_000, 1_400_000


@dataclass(frozen=True, slots=True)
class Fee:
    """`lamports` leave `payer`'s account when the transaction lands, also when it fails."""

    payer: str
    lamports: int


def fee_of(raw: bytes) -> Fee:
    """Of a transaction that we built: one signature fee each, and the priority fee."""
    message = _message(raw)
    base = LAMPORTS_A_SIGNATURE * message.header.num_required_signatures
    return Fee(str(message.account_keys[0]), base + _priority_fee(message))


def accounts_of(raw: bytes) -> list[tuple[Pubkey, bool, bool]]:
    """`(address, signs, may be written)` of every account that the message itself lists."""
    message = _message(raw)
    header, count = message.header, len(message.account_keys)
    signers = header.num_required_signatures
    first_readonly_signer = signers - header.num_readonly_signed_accounts
    first_readonly = count - header.num_readonly_unsigned_accounts
    return [
        (key, at < signers, at < first_readonly_signer or signers <= at < first_readonly)
        for at, key in enumerate(message.account_keys)
    ]


def _message(raw: bytes) -> Message | MessageV0:
    message = VersionedTransaction.from_bytes(raw).message
    if not isinstance(message, Message | MessageV0):
        raise ValueError("not a kind of message that we build")
    return message


def _priority_fee(message: Message | MessageV0) -> int:
    """Price (micro-lamports a unit) times the unit limit, rounded up.

    Without a limit of its own: the most that the cluster may set, so never too little.
    """
    price, limit, others = 0, None, 0
    for instruction in message.instructions:
        program, data = message.account_keys[instruction.program_id_index], instruction.data
        if str(program) != COMPUTE_BUDGET:
            others += 1
        elif data[0] == _SET_UNIT_PRICE:
            price = struct.unpack_from("<Q", data, 1)[0]
        elif data[0] == _SET_UNIT_LIMIT:
            limit = struct.unpack_from("<I", data, 1)[0]
    units = min(others * _UNITS_AN_INSTRUCTION if limit is None else limit, _MOST_UNITS)
    return -(-price * units // 1_000_000)
