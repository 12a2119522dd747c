"""What the audit keeps. The log itself lies in a schema of its own, which `audit.sql` makes."""

from audit.models.chain import Anchor, AnchorStatus, ChainTransaction, TransactionPurpose
from audit.models.erased import ErasedPerson
from audit.models.holds import HoldScope, LegalHold
from audit.models.log import Checkpoint, Chunk, Head, Pending, Record

__all__ = [
    "Anchor", "AnchorStatus", "ChainTransaction", "Checkpoint", "Chunk", "ErasedPerson", "Head",
    "HoldScope", "LegalHold", "Pending", "Record", "TransactionPurpose",
]  # fmt: skip
