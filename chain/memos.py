"""A transaction that only writes a text on the chain."""

from solders.hash import Hash
from solders.message import Message, to_bytes_versioned
from solders.transaction import VersionedTransaction
from spl.memo.constants import MEMO_PROGRAM_ID
from spl.memo.instructions import create_memo
from spl.memo.models import MemoParams

from chain.records import Blockhash, SignedTransaction
from chain.signers import Signer


def build_memo(*, payer: Signer, text: str, blockhash: Blockhash) -> SignedTransaction:
    """Signed and paid by `payer`. Raises ChainUnavailable when its key cannot be had now."""
    note = MemoParams(program_id=MEMO_PROGRAM_ID, signer=payer.pubkey(), message=text.encode())
    recent = Hash.from_string(blockhash.value)
    message = Message.new_with_blockhash([create_memo(note)], payer.pubkey(), recent)
    signature = payer.sign_message(to_bytes_versioned(message))
    raw = bytes(VersionedTransaction.populate(message, [signature]))
    return SignedTransaction(raw, str(signature), blockhash.last_valid_block_height)
