"""Everything the chain tells us, as frozen values.

Addresses, signatures and hashes are base58 text; amounts of money are lamports; times are
Unix seconds; slots and block heights are counts.
"""

from dataclasses import dataclass
from uuid import UUID

TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"  # noqa: S105
SYSTEM_PROGRAM = "11111111111111111111111111111111"


@dataclass(frozen=True, slots=True)
class Blockhash:
    value: str
    last_valid_block_height: int


@dataclass(frozen=True, slots=True)
class Tip:
    """Where the chain is; skipped slots make no block, so the height is the smaller number."""

    slot: int
    block_height: int


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    raw: bytes
    signature: str
    last_valid_block_height: int


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    """`message_hash` is the hex SHA-256 of the message that the signers sign."""

    raw: bytes
    message_hash: str
    last_valid_block_height: int


@dataclass(frozen=True, slots=True)
class SignedBurn:
    """A burn that came back signed; `message_hash` says which of ours it is."""

    raw: bytes
    signature: str
    message_hash: str


@dataclass(frozen=True, slots=True)
class MintAccount:
    """An initialized Token-2022 mint as it was at `slot`; text is empty without metadata."""

    address: str
    owner_program: str
    supply: int
    decimals: int
    mint_authority: str | None
    freeze_authority: str | None
    update_authority: str | None
    name: str
    symbol: str
    uri: str
    fields: tuple[tuple[str, str], ...]
    lamports: int
    extensions: tuple[int, ...] = ()
    slot: int | None = None

    @property
    def issue(self) -> UUID | None:
        """The request that made this NFT, or None when it does not say."""
        return parse_uuid(dict(self.fields).get("issue", ""))


@dataclass(frozen=True, slots=True)
class ForeignAccount:
    """An account that exists and is no Token-2022 mint."""

    address: str
    owner_program: str
    lamports: int
    space: int
    slot: int | None = None

    @property
    def is_only_funded(self) -> bool:
        """Somebody sent lamports here, and there is nothing else: it can still become a mint."""
        return self.owner_program == SYSTEM_PROGRAM and self.space == 0


@dataclass(frozen=True, slots=True)
class TokenAccount:
    mint: str
    owner: str
    amount: int
    frozen: bool


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a transaction would do now; `error` is None for success, `logs` are the programs'."""

    error: str | None
    units: int
    logs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignatureStatus:
    """`confirmation` is processed, confirmed or finalized; `error` is None for success."""

    slot: int
    confirmation: str
    error: str | None


@dataclass(frozen=True, slots=True)
class SignatureInfo:
    """`memo` is the node's summary of all memos: `[length] text; …`."""

    signature: str
    slot: int
    error: str | None
    memo: str | None


@dataclass(frozen=True, slots=True)
class AccountKey:
    address: str
    is_signer: bool


@dataclass(frozen=True, slots=True)
class Instruction:
    """One that ran, top level or inner, with its accounts resolved."""

    program: str
    accounts: tuple[str, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class TokenBalance:
    """What one token account held before or after a transaction."""

    account: str
    mint: str
    owner: str
    amount: int


@dataclass(frozen=True, slots=True)
class ConfirmedTransaction:
    """A transaction in the ledger; lookup tables are resolved in `account_keys`."""

    signature: str
    slot: int
    block_time: int | None
    error: str | None
    fee: int
    account_keys: tuple[AccountKey, ...]
    instructions: tuple[Instruction, ...]
    pre_token_balances: tuple[TokenBalance, ...]
    post_token_balances: tuple[TokenBalance, ...]
    memos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BurnProof:
    """`request_ids`: the upgrade requests that the transaction's memos name."""

    signature: str
    slot: int
    mint: str
    wallet: str
    block_time: int | None
    memos: tuple[str, ...]
    request_ids: tuple[UUID, ...]


def parse_uuid(text: str) -> UUID | None:
    """Only the canonical form, so that one id has one spelling."""
    try:
        value = UUID(text)
    except ValueError:
        return None
    return value if str(value) == text else None
